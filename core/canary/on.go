//go:build canary

package canary

var awake Bug

// On says whether a bug is awake.
func On(b Bug) bool { return awake == b }

// Awake returns the bug that is awake, or the empty one.
func Awake() Bug { return awake }

// Wake wakes a bug, and puts any other to sleep; the empty one wakes none. It
// must not be called while the program works.
func Wake(b Bug) { awake = b }
