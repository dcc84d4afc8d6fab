package pyproject_test

import (
	"fmt"

	"github.com/tame-py/tame/packaging/pep508"
	"github.com/tame-py/tame/packaging/pyproject"
)

func ExampleFile_Project() {
	f, err := pyproject.Parse("pyproject.toml", []byte(`
[project]
name = "Frobnicator"
version = "1.0"
dependencies = ["requests >= 2"]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := f.Project()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Name, p.Version, p.Dependencies[0].Text)
	// Output: frobnicator 1.0 requests >= 2
}

func ExampleFile_AddDependency() {
	f, err := pyproject.Parse("pyproject.toml", []byte(`[project]
dependencies = [
  "anyio", # for the server
  "rich",
]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := f.AddDependency(pyproject.Place{}, pep508.MustParse("httpx>=0.27"), false); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(f.Bytes()))
	// Output:
	// [project]
	// dependencies = [
	//   "anyio", # for the server
	//   "httpx>=0.27",
	//   "rich",
	// ]
}

func ExampleGroups_Resolve() {
	f, err := pyproject.Parse("pyproject.toml", []byte(`
[dependency-groups]
test = ["pytest"]
dev = [{ include-group = "test" }, "ruff"]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	groups, err := f.Groups()
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := groups.Resolve("dev")
	for _, d := range list {
		fmt.Println(d.Text)
	}
	fmt.Println(err)
	// Output:
	// pytest
	// ruff
	// <nil>
}

func ExampleParseScript() {
	s, err := pyproject.ParseScript("x.py", []byte(`#!/usr/bin/env python3
# /// script
# dependencies = ["requests<3"]
# ///
import requests
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(s.Metadata())
	// Output: dependencies = ["requests<3"]
}
