// Command sim lives through made-up worlds and holds the program against the
// rules: go run ./sim -seed N -for 60s. docs/reliability.md says what it does
// and what came of it.
//
// Owns: the run as a whole, which worlds are lived and for how long, the report,
// and the hunt for the seeded bugs. Does not own: the rules (sim/model), the
// stories (sim/world), or storms and races (sim/torture).
//
// Exit codes: 0 everything was as the rules say; 1 it was not, or too little
// happened for the run to be evidence; 2 the command line was used wrongly.
package main
