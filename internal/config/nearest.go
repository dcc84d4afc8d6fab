package config

// Nearest returns the name that a mistyped one most likely means: the one with the
// fewest letters changed: at most two, or a third of a long name, but not all; "" if none is near.
func Nearest(name string, names []string) string {
	best, bestDistance := "", min(max(3, len(name)/3+1), len(name))
	for _, n := range names {
		if d := EditDistance(n, name); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// EditDistance is how many single edits lead from one short text to the other: a
// byte that is left out, added or exchanged, or two neighbours that changed places,
// which is the commonest slip of a typist (optimal string alignment).
func EditDistance(a, b string) int {
	// The rows of the table for a without its last two letters, its last one, and a.
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			if a[i] == b[j] {
				row[j+1] = last[j]
				continue
			}
			row[j+1] = 1 + min(last[j], last[j+1], row[j])
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], 1+before[j-1])
			}
		}
	}
	return row[len(b)]
}
