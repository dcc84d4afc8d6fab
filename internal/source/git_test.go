package source

import "testing"

func TestGitURLs(t *testing.T) {
	t.Parallel()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for _, test := range []struct {
		url, location, rev, pinned string
	}{
		{"git+https://example.com/a/b", "https://example.com/a/b", "", "git+https://example.com/a/b@" + commit},
		{"git+https://example.com/a/b.git@main#subdirectory=x&egg=y", "https://example.com/a/b.git", "main", "git+https://example.com/a/b.git@" + commit + "#subdirectory=x&egg=y"},
		{"git+https://me:pass@example.com/a@v1", "https://me:pass@example.com/a", "v1", "git+https://me:pass@example.com/a@" + commit},
		{"git+ssh://git@example.com/a/b@feature/x", "ssh://git@example.com/a/b", "feature/x", "git+ssh://git@example.com/a/b@" + commit},
		{"git+ssh://git@example.com/a", "ssh://git@example.com/a", "", "git+ssh://git@example.com/a@" + commit},
		{"git+file://localhost/a", "file:///a", "", "git+file://localhost/a@" + commit},
		{"git+https://example.com/a@pkg%401.0", "https://example.com/a", "pkg@1.0", "git+https://example.com/a@" + commit},
		{"git+https://example.com/a%2Fb@x", "https://example.com/a%2Fb", "x", "git+https://example.com/a%2Fb@" + commit},
		{"git+file:///a/b/../c@v1", "file:///a/c", "v1", "git+file:///a/b/../c@" + commit},
		{"git+https://example.com/a@pkg@1.0", "", "", ""},
		{"git+git://example.com/a", "", "", ""},
		{"git+ssh://git@example.com:a/b", "", "", ""},
	} {
		s, err := FromURL(test.url)
		if test.location == "" {
			if err == nil {
				t.Errorf("%s is accepted as %+v", test.url, s)
			}
			continue
		}
		if err != nil || s.Location != test.location || s.Reference.Rev != test.rev {
			t.Errorf("%s is at %q, reference %q, %v; want %q, %q", test.url, s.Location, s.Reference.Rev, err, test.location, test.rev)
			continue
		}
		if got := s.Pinned(commit); got.Given != test.pinned || got.Reference.Commit != commit {
			t.Errorf("%s is pinned as %q, want %q", test.url, got.Given, test.pinned)
		}
	}
}

func TestSameCommit(t *testing.T) {
	t.Parallel()
	const one, two = "0123456789abcdef0123456789abcdef01234567", "1123456789abcdef0123456789abcdef01234567"
	parse := func(text string) Source {
		s, err := FromURL(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	main, tag := parse("git+https://example.com/a@main"), parse("git+https://me:x@Example.com/a.git@v1")
	if main.Same(tag) {
		t.Error("two references of which nothing is known are the same")
	}
	if !main.Pinned(one).Same(tag.Pinned(one)) || main.Pinned(one).Same(tag.Pinned(two)) {
		t.Error("sources are compared by more or less than the commit")
	}
	if a, b := (&Dist{Source: main}).ID(), (&Dist{Source: parse("git+https://example.com/a@dev")}).ID(); a == b {
		t.Error("two branches have one identity")
	}
}

// FuzzGitURL: a source that was read and pinned is written such that it is read
// as the same place at the commit.
func FuzzGitURL(f *testing.F) {
	for _, text := range []string{
		"git+https://example.com/a/b@main#subdirectory=x", "git+ssh://git@example.com/a.git", "git+file:///a%20b@v%401?q#lfs=true", "git+https://u:p@h:1/@x",
	} {
		f.Add(text)
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	f.Fuzz(func(t *testing.T, text string) {
		s, err := FromURL(text)
		if err != nil || s.Kind != Git {
			return
		}
		again, err := FromURL(s.Pinned(commit).Given)
		if err != nil {
			t.Fatalf("%q is pinned as %q: %v", text, s.Pinned(commit).Given, err)
		}
		if again.Location != s.Location || again.Reference.Commit != commit || again.Subdirectory != s.Subdirectory || again.Reference.LFS != s.Reference.LFS {
			t.Errorf("%q is pinned as %q, which is %+v, not %+v", text, s.Pinned(commit).Given, again, s)
		}
	})
}
