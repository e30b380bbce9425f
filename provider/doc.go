// Package provider holds the sample provider, Aurora Cloud, as data: its
// settings, agreements, product pages, working days, the usage of a real
// cluster and the accounts of the demonstration.
//
// Owns: the embedded files. Does not own: how they are read or executed.
//
// Invariants: nothing here is code; every register row of a document stands in
// it under its printed label.
package provider
