package requirements_test

import (
	"fmt"
	"io/fs"

	"github.com/tame-py/tame/packaging/requirements"
)

func ExampleLoad() {
	files := map[string]string{
		"requirements.txt": "-r base.txt\n-c limits.txt\nflask >= 2 # web\n",
		"base.txt":         "requests==2.31 --hash=sha256:58cd2187c01e70e6e26505bca751777aa9f2ee0b7f4300988b709f44e013003f\n",
		"limits.txt":       "werkzeug < 3\n",
	}
	f, err := requirements.Load("requirements.txt", requirements.Loader{Open: func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s", f.Format())
	fmt.Printf("constraints: %s", f.FormatConstraints())
	// Output:
	// requests==2.31 \
	//     --hash=sha256:58cd2187c01e70e6e26505bca751777aa9f2ee0b7f4300988b709f44e013003f
	// flask>=2
	// constraints: werkzeug<3
}

func ExampleError() {
	_, err := requirements.Parse("requirements.txt", []byte("flask\nrequests >== 2\n"), requirements.Loader{})
	fmt.Println(err)
	// Output:
	// requirements.txt:2:10: couldn't parse requirement: no such comparison operator ">==", must be one of ~= == != <= >= < > ===
	// requests >== 2
	//          ^^^^^
}
