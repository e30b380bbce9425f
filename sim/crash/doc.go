// Package crash kills the server. It runs the program that is shipped, as a
// process, and clients that send it requests over HTTP; each request is written
// down and on disk before it is sent, and each answer after it came. The process
// is killed with SIGKILL at a random moment, started again, and asked again under
// the same keys.
//
// What must then be so: what was acknowledged is there once, what was refused is
// absent, what was not answered is there once or not at all and whole or not at
// all, and verify finds nothing untrue. That is judged from the written requests
// and the database, while no server runs.
//
// Owns: the process, the requests and their journal, and the judgement. Does not
// own: faults in single calls (sim/torture), or what the rules make of the
// requests (sim/world).
package crash
