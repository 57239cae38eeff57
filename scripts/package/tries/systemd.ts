// The deb under a systemd that runs: this machine's own, as process 1 of namespaces, on an overlay of this
// machine's files that is thrown away. All that the unit restricts is in force, and the node must form a
// network and carry a tunnel all the same.

import { join } from "../../paths.ts";
import { command, demand, step } from "./steps.ts";

const TIMEOUT_SECONDS = 300;

/** Makes the root and becomes systemd: `$1` is a folder to work in. */
const ENTER = String.raw`
work=$1
mount --make-rprivate /
mount -t tmpfs none "$work/over" -o size=3g
mkdir "$work/over/upper" "$work/over/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/over/upper,workdir=$work/over/work" "$work/root"
cd "$work/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs none run
mount -t tmpfs none tmp
mount --rbind /dev dev
mkdir run/try
mount --bind "$work/try" run/try
cp run/try/try.service etc/systemd/system
# Not chroot: from inside of one nobody makes a user namespace, which PrivateUsers= wants.
mkdir old
pivot_root . old
umount -l old
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=try.service --show-status=no`;

/** systemd ends with this service, as it did. */
const SERVICE = `[Unit]
SuccessAction=exit-force
FailureAction=exit-force
SuccessActionExitStatus=0
FailureActionExitStatus=1

[Service]
Type=oneshot
ExecStart=/bin/sh -eu /run/try/script
StandardOutput=file:/run/try/log
StandardError=inherit
`;

const WAIT = "for i in $(seq 150); do if";
const ELSE = "; then break; fi; sleep 0.2; done";

/** What is done on the machine. The service of the tunnel is perl, which is essential to Debian. */
const SCRIPT = String.raw`
trap 'set +e; systemctl status --no-pager pollen.service; journalctl --no-pager -u pollen.service' EXIT
ip link set lo up
dpkg -i /run/try/pollen.deb
systemctl is-active pollen.path
runuser -u pollen -- pollen init
${WAIT} pollen status >/dev/null 2>&1 ${ELSE}
pollen status
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$(systemctl show -P MainPID pollen.service)/status"
other="pollen --dir /root/other"
$other join --no-start "$(pollen invite --bootstrap "$(pollen id)@127.0.0.1:60611")"
$other up -d --port 0 --ips 127.0.0.1
perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(LocalAddr=>"127.0.0.1:8080",Listen=>5,ReuseAddr=>1) or die; while($c=$s->accept){print $c "hello from the other\n"; close $c}' &
$other serve 8080 api
${WAIT} pollen connect api --local-port 9000 2>/dev/null ${ELSE}
perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(PeerAddr=>"127.0.0.1:9000") or die; print <$s>'
systemctl restart pollen.service
${WAIT} pollen status >/dev/null 2>&1 ${ELSE}
pollen status
systemctl stop pollen.service
systemctl show pollen.service -p Result,ActiveState
$other down
dpkg -P pollen
echo end of the try
`;

export async function trySystemd(release: string, work: string): Promise<void> {
  await step("systemd runs the node with all that the unit denies it", async () => {
    const place = join(work, "systemd");
    for (const name of ["over", "try"]) await Deno.mkdir(join(place, name), { recursive: true });
    const inside = (name: string) => join(place, "try", name);
    await Deno.writeTextFile(inside("try.service"), SERVICE);
    await Deno.writeTextFile(inside("script"), SCRIPT);
    for await (const { name } of Deno.readDir(release)) {
      if (name.endsWith("-x64.deb")) await Deno.copyFile(join(release, name), inside("pollen.deb"));
    }
    const own = ["--pid", "--mount", "--cgroup", "--ipc", "--uts", "--net"];
    const { code, text } = await command([
      ...["timeout", "--kill-after=5", String(TIMEOUT_SECONDS)],
      ...["unshare", "--fork", "--kill-child", ...own, "sh", "-euc", ENTER, "sh", place],
    ]);
    const log = await Deno.readTextFile(inside("log")).catch(() => text);
    if (code !== 0) throw new Error(`systemd ended with ${code}: ${log.slice(-4_000)}`);
    demand(log, /CapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1\nSeccomp:\t2/);
    demand(log, /hello from the other/);
    demand(log, /Result=success[^]*ActiveState=inactive[^]*end of the try/);
  });
}
