package cli

func benchGroup() command {
	return command{
		path: "bench", short: "Measure commands and servers, with figures that say how far they can be trusted",
	}
}
