// Serve starts a package index on loopback from a folder or file, for trying
// things by hand:
//
//	go run ./internal/pypitest/cmd/serve [-address HOST:PORT] [-html] [-metadata=false] PATH...
//
// The formats are those of package pypitest. It prints the address of the
// index and runs until it is interrupted.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/tame-py/tame/internal/pypitest"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "listen on `HOST:PORT`")
	html := flag.Bool("html", false, "never answer with JSON")
	metadata := flag.Bool("metadata", true, "offer metadata files (PEP 658)")
	flag.Parse()
	options := []pypitest.Option{pypitest.Address(*address), pypitest.Metadata(*metadata)}
	if *html {
		options = append(options, pypitest.HTML)
	}
	for _, path := range flag.Args() {
		options = append(options, pypitest.Path(path))
	}
	server, err := pypitest.Start(options...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Println(server.URL())
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt)
	<-interrupt
	server.Close()
}
