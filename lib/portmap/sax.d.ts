// What we use of sax, which brings no types.

declare const sax: {
  parser(
    strict: boolean,
    options: { lowercase?: boolean; trim?: boolean },
  ): {
    onopentag: (tag: { name: string }) => void;
    onclosetag: (name: string) => void;
    ontext: (text: string) => void;
    oncdata: (text: string) => void;
    onerror: (error: Error) => void;
    write(text: string): { close(): void };
  };
};
export default sax;
