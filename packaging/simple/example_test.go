package simple_test

import (
	"fmt"

	"github.com/tame-py/tame/packaging/simple"
)

func ExampleParse() {
	page := `{"meta": {"api-version": "1.1"}, "name": "six", "files": [
	  {"filename": "six-1.16.0.tar.gz", "url": "/files/six-1.16.0.tar.gz",
	   "hashes": {"sha256": "1e61"}, "requires-python": ">=2.7", "yanked": "too old"}]}`
	project, err := simple.Parse(simple.MediaJSON, page, "https://index.example.com/simple/six/")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range project.Files {
		fmt.Println(f.Filename, f.URL, simple.Digest(f.Hashes, "sha256"), f.Yanked, f.YankedReason)
	}
	// Output: six-1.16.0.tar.gz https://index.example.com/files/six-1.16.0.tar.gz 1e61 true too old
}

func ExampleProject_AppendHTML() {
	p := simple.Project{Name: "six", Files: []simple.File{{
		Filename: "six-1.16.0.tar.gz", URL: "six-1.16.0.tar.gz", Size: -1, RequiresPython: ">=2.7",
		Hashes: []simple.Hash{{Algorithm: "sha256", Digest: "1e61"}},
	}}}
	fmt.Printf("%s", p.AppendHTML(nil))
	// Output:
	// <!DOCTYPE html>
	// <html>
	//   <head>
	//     <meta name="pypi:repository-version" content="1.4">
	//     <title>Links for six</title>
	//   </head>
	//   <body>
	//     <a href="six-1.16.0.tar.gz#sha256=1e61" data-requires-python="&gt;=2.7">six-1.16.0.tar.gz</a><br>
	//   </body>
	// </html>
}
