package pep508_test

import (
	"errors"
	"fmt"

	"github.com/tame-py/tame/packaging/pep508"
)

func ExampleParse() {
	r, err := pep508.Parse(`Requests [security] (<3, >=2.8.1) ; python_version < "3.11"`)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Name, r.Extras, r.Specifiers.Join(","))
	fmt.Println(r)
	// Output:
	// requests [security] >=2.8.1,<3
	// requests[security]>=2.8.1,<3 ; python_full_version < '3.11'
}

func ExampleError() {
	_, err := pep508.Parse("requests[security >= 2")
	var e *pep508.Error
	if errors.As(err, &e) {
		fmt.Println(e.Offset)
		fmt.Println(e)
	}
	// Output:
	// 18
	// expected either `,` (separating extras) or `]` (ending the extras section), found `>`
	// requests[security >= 2
	//                   ^
}

func ExampleParseUnnamed() {
	u, err := pep508.ParseUnnamed("../project[dev] ; sys_platform == 'linux'")
	if err != nil {
		panic(err)
	}
	fmt.Println(u.URL, u.Extras, u.Marker)
	// Output: ../project [dev] sys_platform == 'linux'
}
