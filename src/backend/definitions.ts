/** The functions that a user has defined, by which plans call them: the operations `definedForward` and `definedBackward` name one by its place. */

/** A function and its derivative, element by element, in double precision. */
export interface Definition {
  readonly f: (z: number) => number;
  readonly df: (z: number) => number;
}

/** All there are. What a model uses, its stages hold; what nothing uses any more, goes. */
export const definitions: WeakRef<Definition>[] = [];
