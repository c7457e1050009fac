/** Whether the migrations would succeed; says nothing about loss, locks or health. */
export type Prediction = 'succeeds' | 'fails' | 'decided-by-rehearsal'
