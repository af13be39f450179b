/** Drawn, so that they are the same everywhere: 16 × 16, in the colour of the text. */
const SHAPES = {
  online: () => <circle cx="8" cy="8" r="5" fill="currentColor" />,
  offline: () => <path d="M4 4l8 8M12 4l-8 8" stroke-width="2.4" />,
  unknown: () => <path d="M5.5 6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.8-1.1 1.7M8 12.6v.2" stroke-width="2" />,
  cordoned: () => <path d="M5.5 3.5v9M10.5 3.5v9" stroke-width="2.4" />,
  probation: () => <path d="M12.5 8A4.5 4.5 0 1 1 11 4.6M11.4 2v3h-3" stroke-width="1.8" />,
  unreachable: () => <path d="M8 2.5l6 10.5H2zM8 6.5v3.2M8 11.4v.1" stroke-width="1.6" />,
  copy: () => <path d="M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3z" stroke-width="1.3" />,
  done: () => <path d="M3.5 8.5l3 3 6-7" stroke-width="2" />,
  remove: () => <path d="M5 5l6 6M11 5l-6 6" stroke-width="1.6" />,
  down: () => <path d="M4 6.5l4 4 4-4" stroke-width="1.6" />,
  up: () => <path d="M4 9.5l4-4 4 4" stroke-width="1.6" />,
  search: () => <path d="M11 11l3.5 3.5M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10z" stroke-width="1.6" />,
  running: () => <path d="M8 2.5A5.5 5.5 0 1 1 2.5 8" stroke-width="2" />,
  waiting: () => <circle cx="8" cy="8" r="4.5" stroke-width="1.6" />,
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { name: IconName }) {
  const Shape = SHAPES[name];
  return (
    <svg class="icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
      <Shape />
    </svg>
  );
}
