// The scenes before and after the present one: undo and redo.

export class History {
  constructor(scene) {
    this.scenes = [scene];
    this.place = 0;
  }

  get present() {
    return this.scenes[this.place];
  }

  get canUndo() {
    return this.place > 0;
  }

  get canRedo() {
    return this.place < this.scenes.length - 1;
  }

  /** Make `scene` the present one; what was undone is forgotten. */
  push(scene) {
    if (scene === this.present) return;
    this.scenes = [...this.scenes.slice(0, this.place + 1), scene];
    this.place += 1;
  }

  /** Put a scene in place of the present one: one that answers it, or knows more. */
  replace(scene) {
    this.scenes[this.place] = scene;
  }

  undo() {
    if (this.canUndo) this.place -= 1;
  }

  redo() {
    if (this.canRedo) this.place += 1;
  }
}
