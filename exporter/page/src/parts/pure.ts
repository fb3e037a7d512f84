// Components that are drawn again only when they are given something else: for those that are there by the hundred.

import { Component, type ComponentChild, type ComponentType } from "preact";

/** `draw` as such a component. It must read nothing but its props. */
export function pure<Props extends object>(draw: (props: Props) => ComponentChild): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return differ(this.props, next);
    }

    override render(props: Props): ComponentChild {
      return draw(props);
    }
  };
}

function differ<Props extends object>(before: Props, after: Props): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Props>;
  return [...names].some((name) => before[name] !== after[name]);
}
