// Package world makes up customers and what happens to them, has the program and
// the model live through it side by side, and says where they differ.
//
// A world is drawn from a seed: a provider with its documents, a clock, and a
// story, which is a list of steps. Each step is put to the program and to the
// model; their answers must be the same, then their books, and then everything
// that verify checks must hold. A step may carry a fault: one call to the
// database fails, or its answer is lost, or the program dies there. The step is
// then put again, as whoever got no answer would.
//
// Nothing here depends on anything but the seed. A story that fails is shrunk:
// steps are left out as long as it still fails.
package world
