package index

import (
	"errors"
	"strings"
	"sync"

	"github.com/tame-py/tame/internal/archive"
	"github.com/tame-py/tame/internal/auth"
	"github.com/tame-py/tame/internal/cache"
	"github.com/tame-py/tame/internal/web"
	"github.com/tame-py/tame/packaging/pep440"
	"github.com/tame-py/tame/packaging/pyname"
)

// Whoever installs what is pinned needs one version of each project, while a page
// lists hundreds of files. Of a page that comes for that, only the files of the one
// version are read and become rows; the rest is kept as the index sent it, until
// somebody asks for more. Then it becomes a whole listing.

// only says which versions of a project are asked for.
type only struct {
	pin  pep440.Specifier
	text string // of pin; "" is all versions
}

// onlyOf is what a policy asks for of a project.
func onlyOf(policy *Policy, name pyname.Package) (o only) {
	if pin, ok := policy.Pins[name]; ok {
		o = only{pin, pin.String()}
	}
	return o
}

// A someRow stands on a listing that lacks versions.
type someRow struct {
	Only        cache.Ref // the specifier of the versions that are listed
	ContentType cache.Ref // of the page
	URL         cache.Ref // where it came from, after redirects
	Page        cache.Ref // the page, in gzip if Packed is 1
	Packed      uint32
	Reserved    uint32
}

func someSchema() cache.Schema { return cache.Schema{Kind: [4]byte{'s', 'o', 'm', 'e'}, Version: 1} }

// answers reports whether a listing has all versions that are asked for.
func (l *listing) answers(o only) bool {
	return l.some == nil || o.text != "" && l.rows.Text(l.some.Only) == o.text
}

// pageSource is what a page is read from.
type pageSource struct {
	contentType, url, text string
	packed                 string // text in gzip, "" if it did not come so
}

// made is what became of a page.
type made struct {
	file    []byte   // what is kept
	listing *listing // what is used, nil if it is what is in the file
	lent    *[]byte  // the memory of the file, to be used again; nil if it stays
}

var keptPages sync.Pool // of *[]byte: memory for files that are written and no more

// firstKept is how large such memory is at first; what is not used costs nothing.
const firstKept = 256 << 10

// mostKeptPage is the size up to which larger memory takes its place.
const mostKeptPage = 2 << 20

// some makes a listing of the versions that are asked for. It returns none if the
// page is to be listed whole: it is not of the form that some files can be taken
// out of, or has none of that version, which only the whole page can explain.
func (p *packer) some(c *Client, name pyname.Package, o only, page *pageSource) (m made, err error) {
	project, ok := p.page.ParseSome(page.contentType, page.text, page.url, wanted(name, o))
	if !ok {
		return m, nil
	}
	files := p.list(c, name, project.Files, auth.Redact(page.url))
	if len(files) == 0 {
		return m, nil
	}
	e := &p.encoder
	e.reset(len(files), someSchema())
	row := someRow{Only: e.b.Text(o.text), ContentType: e.b.Text(page.contentType), URL: e.b.Text(page.url)}
	p.rows(files, project)
	cache.AddRows(e.b, someTable, row)
	small, err := e.b.Finish([2]int64{})
	if err != nil {
		return m, err
	}
	if m.listing, err = openListing(small); err != nil || c.cache == nil {
		m.file = small
		return m, err
	}
	if page.packed != "" {
		row.Page, row.Packed = e.b.Tail(page.packed), 1
	} else {
		row.Page = e.b.Tail(page.text)
	}
	cache.SetRows(e.b, someTable, row)
	if m.lent, ok = keptPages.Get().(*[]byte); !ok {
		m.lent = new([]byte)
		*m.lent = make([]byte, 0, firstKept)
	}
	m.file, err = e.b.FinishTo(*m.lent, [2]int64{})
	if cap(m.file) > cap(*m.lent) && cap(m.file) <= mostKeptPage {
		*m.lent = m.file
	}
	return m, err
}

// wanted tells names of files of versions that are asked for from others. Pages
// list the wheels of a version one after the other.
func wanted(name pyname.Package, o only) func(filename string) bool {
	var last string // how names begin of which the answer is known
	var answer bool
	return func(filename string) bool {
		if last != "" && strings.HasPrefix(filename, last) && strings.HasSuffix(filename, ".whl") {
			return answer
		}
		_, v, stem, ok := parseFilename(name, filename)
		fits := ok && o.pin.Contains(v)
		if ok && strings.HasSuffix(filename, ".whl") {
			last, answer = filename[:stem], fits
		}
		return fits
	}
}

var errNotWhole = errors.New("the page that is kept cannot be read")

// whole makes a listing of all versions of one that lacks some.
func (c *Client) whole(name pyname.Package, l *listing) ([]byte, error) {
	t := l.rows.Text
	page := pageSource{contentType: t(l.some.ContentType), url: t(l.some.URL), text: t(l.some.Page)}
	if l.some.Packed != 0 {
		text, ok := archive.Gunzip([]byte(page.text), web.MaxBody)
		if !ok {
			return nil, errNotWhole
		}
		page.text = string(text)
	}
	p := newPacker()
	project, err := p.page.Parse(page.contentType, page.text, page.url)
	if err != nil {
		return nil, err
	}
	file, err := p.encode(p.list(c, name, project.Files, auth.Redact(page.url)), project)
	if err == nil {
		p.release()
	}
	return file, err
}

// pack makes the listing of a page that has come: whole, or of what is asked for.
func (p *packer) pack(c *Client, name pyname.Package, o only, resp *web.Response, body *web.Borrowed) (m made, err error) {
	page := pageSource{contentType: resp.Header.Get("Content-Type"), url: resp.URL, text: body.Text, packed: body.Packed}
	if o.text != "" {
		if m, err = p.some(c, name, o, &page); m.file != nil || err != nil {
			return m, err
		}
	}
	project, err := p.page.Parse(page.contentType, page.text, page.url)
	if err != nil {
		return m, &PageError{URL: auth.Redact(resp.URL), Err: err}
	}
	files := p.list(c, name, project.Files, auth.Redact(resp.URL))
	if err := misled(name, resp, project, len(files)); err != nil {
		return m, err
	}
	m.file, err = p.encode(files, project)
	return m, err
}
