/** Ends a line, turns its direction, steers a terminal. */
export const ODD_TEXT = "a\u009b31mb\u0085c\u202ed\u2028e";

/** The characters of it that may stand nowhere as they are. */
export const ODD_CHARACTERS = /[\u0080-\u009f\u202a-\u202e\u2028\u2029\u2066-\u2069]/;
