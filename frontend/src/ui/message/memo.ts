import { Component, type ComponentType, type FunctionComponent } from "preact";

/** A component that is drawn again only when a property is another one (compared by identity). */
export function memo<P extends object>(draw: FunctionComponent<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const before = this.props as Record<string, unknown>;
      const after = next as Record<string, unknown>;
      const names = new Set([...Object.keys(before), ...Object.keys(after)]);
      return [...names].some((name) => name !== "children" && before[name] !== after[name]);
    }

    override render() {
      return draw(this.props);
    }
  };
}
