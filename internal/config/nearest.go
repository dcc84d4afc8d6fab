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

// EditDistance is the Levenshtein distance of two short texts, in bytes.
func EditDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost = 1 + min(last, row[j], row[j+1])
			}
			last, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
