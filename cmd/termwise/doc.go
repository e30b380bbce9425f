// Command termwise runs Termwise from the command line.
//
// Owns: the grammar of the command line, how answers are shown to people and
// printed as JSON, exit codes, progress bars, and the wiring of the server. Does
// not own: what a command does (app), or HTTP (api).
//
// Exit codes: 0 done; 1 the program failed, or verify found an untruth; 2 the
// command line was used wrongly; 3 a refusal, which names its code.
package main
