// Package termwise is the root of the module and holds no code of its own: the
// rules of the house, as tests, live beside this file. Start reading in core/
// (what is decided), app/ (every use case) and cmd/termwise (the program).
package termwise
