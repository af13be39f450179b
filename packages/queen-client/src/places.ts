// Places in the events of a queen are `<start>-<n>`: of which start of her, and after so many events.

export const placeNumberOf = (place: string): number => Number(/\d+$/.exec(place)?.[0] ?? 0);

/** The place before all events since the start of the queen. */
export const firstPlaceOf = (place: string): string => place.replace(/-\d+$/, "-0");

/** Whether what has happened there is in what stands at that position. */
export const isUpTo = (place: string, position: string | undefined): boolean =>
  position !== undefined &&
  firstPlaceOf(place) === firstPlaceOf(position) &&
  placeNumberOf(place) <= placeNumberOf(position);
