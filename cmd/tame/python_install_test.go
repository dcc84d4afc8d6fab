package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// pythonMirror serves an archive of the main interpreter; how is asked of serve.
func pythonMirror(t *testing.T, serve func(w http.ResponseWriter, r *http.Request, data []byte)) (env []string, minor string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the Python is one of Unix")
	}
	p := portableOf(mainPython(t).path)
	if p.err != nil {
		t.Fatal(p.err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, p.data) }))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	text, err := catalogOf(p, server.URL)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "list.json"), text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"PATH=/usr/bin:/bin:" + filepath.Join(dir, ".local", "bin"), "HOME=" + dir, "TMPDIR=" + dir, "UV_CACHE_DIR=" + filepath.Join(dir, "cache"),
		"UV_PYTHON_DOWNLOADS_JSON_URL=" + filepath.Join(dir, "list.json"), "UV_PYTHON_INSTALL_DIR=" + filepath.Join(dir, "pythons"),
		"UV_HTTP_RETRIES=1", "UV_PYTHON_CACHE_DIR=", programVariable + "=1",
	}, p.version[:strings.LastIndexByte(p.version, '.')]
}

func storeOf(env []string) string {
	for _, v := range env {
		if dir, ok := strings.CutPrefix(v, "UV_PYTHON_INSTALL_DIR="); ok {
			return dir
		}
	}
	return ""
}

// installedPythons are the names in a store that can be seen.
func installedPythons(t *testing.T, env []string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(storeOf(env))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	left, _ := os.ReadDir(filepath.Join(storeOf(env), ".temp"))
	for _, e := range left {
		t.Errorf("left over: %s", e.Name())
	}
	return names
}

// Of a mirror that serves wrong bytes, half of them, or none, nothing is
// installed.
func TestPythonMirrorFails(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(w http.ResponseWriter, data []byte){
		"wrong bytes": func(w http.ResponseWriter, data []byte) {
			_, _ = w.Write(append([]byte{}, append(data[:len(data):len(data)], 0)...))
		},
		"half": func(w http.ResponseWriter, data []byte) { _, _ = w.Write(data[:len(data)/2]) },
		"broken off": func(w http.ResponseWriter, data []byte) {
			w.Header().Set("Content-Length", "99999999")
			_, _ = w.Write(data[:len(data)/2])
		},
		"not there": func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusNotFound) },
		"a page":    func(w http.ResponseWriter, _ []byte) { _, _ = w.Write([]byte("<html>hello</html>")) },
	} {
		env, minor := pythonMirror(t, func(w http.ResponseWriter, _ *http.Request, data []byte) { serve(w, data) })
		v := &victim{t: t, dir: t.TempDir(), env: env}
		out, err := v.command("python", "install", minor).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "failed to install cpython-"+minor+".92-") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if names := installedPythons(t, env); len(names) > 0 {
			t.Errorf("%s: there is %v", name, names)
		}
	}
}

// Two processes that install at once download once; one that is killed at any
// moment leaves a whole Python or none.
func TestPythonInstallAtOnceAndKilled(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	env, minor := pythonMirror(t, func(w http.ResponseWriter, r *http.Request, data []byte) {
		// Patch release 92. What a process that was killed has asked for may come late.
		if strings.HasPrefix(r.URL.Path, "/python-2+") {
			served.Add(1)
		}
		for n := 0; n < len(data); n += 1 << 19 { // slowly, so that there is time to be killed
			if _, err := w.Write(data[n:min(n+1<<19, len(data))]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-time.After(10 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
	})
	v := &victim{t: t, dir: t.TempDir(), env: env}
	begun := time.Now()
	v.run("python", "install", minor+".90")
	took := time.Since(begun)
	const kills = 3
	for n := range kills {
		c := v.command("python", "install", minor+".91", "--reinstall")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took * time.Duration(n+1) / (kills + 1))
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() { v.run("python", "install", minor+".92") })
	}
	group.Wait()
	if n := served.Load(); n != 1 {
		t.Errorf("downloaded %d times", n)
	}
	for _, name := range installedPythons(t, env) {
		executable := filepath.Join(storeOf(env), name, "bin", "python"+minor)
		c := v.command()
		c.Path, c.Args = executable, []string{executable, "-c", "import json, sysconfig; sysconfig.get_config_vars()['PYTHON_BUILD_STANDALONE']"}
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
