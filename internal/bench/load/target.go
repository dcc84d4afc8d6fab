package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// A RemoteError says that a server is on another machine.
type RemoteError struct {
	Host    string
	Address netip.Addr
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s (%s) is not this machine, and load is put on others only where that is allowed", e.Host, e.Address)
}

// Hints name the flag.
func (e *RemoteError) Hints() []string {
	return []string{"`--allow-remote` allows it: drive only servers whose owners know of it"}
}

// An UnreachableError says that a server accepted no connection.
type UnreachableError struct {
	Address string
	Waited  time.Duration
	Err     error
}

func (e *UnreachableError) Error() string {
	if e.Waited > 0 {
		return fmt.Sprintf("nothing at %s accepted a connection within %v: %v", e.Address, e.Waited, e.Err)
	}
	return fmt.Sprintf("nothing at %s accepts connections: %v", e.Address, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Hints name the flag that waits.
func (e *UnreachableError) Hints() []string {
	if e.Waited > 0 {
		return nil
	}
	return []string{"`--wait 30s` waits for a server that is still starting"}
}

// A DescriptorError says that the process may not open enough files.
type DescriptorError struct {
	Connections int
	Limit       uint64
}

func (e *DescriptorError) Error() string {
	return fmt.Sprintf("%d connections need %d file descriptors, but the limit of this process is %d", e.Connections, e.Connections+reserved, e.Limit)
}

// Hints say what to change.
func (e *DescriptorError) Hints() []string {
	most := 1
	if e.Limit > reserved {
		most = int(e.Limit - reserved)
	}
	return []string{fmt.Sprintf("raise the limit with `ulimit -n`, or use at most %d connections", most)}
}

// reserved is how many descriptors a process has open besides connections.
const reserved = 32

func checkDescriptors(connections int) error {
	limit, known := descriptorLimit()
	if known && uint64(connections)+reserved > limit {
		return &DescriptorError{connections, limit}
	}
	return nil
}

const dialTimeout = 5 * time.Second

// reach resolves the server's name, sees that it may be driven, and that it
// accepts a connection. All later connections go to the address that it returns,
// so that a name cannot change its meaning behind the check.
func reach(ctx context.Context, p *Plan) (netip.AddrPort, error) {
	host, port := p.URL.Hostname(), p.URL.Port()
	if port == "" {
		port = p.URL.Scheme
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return netip.AddrPort{}, err
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("looking up %s: %w", host, err)
	}
	local, err := localAddresses()
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, a := range addresses {
		if a = a.Unmap(); !p.AllowRemote && !a.IsLoopback() && !local[a.WithZone("")] {
			return netip.AddrPort{}, &RemoteError{host, a}
		}
	}
	return firstOpen(ctx, addresses, uint16(number), p.Wait)
}

func localAddresses() (map[netip.Addr]bool, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("listing the addresses of this machine: %w", err)
	}
	local := map[netip.Addr]bool{}
	for _, a := range all {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			local[prefix.Addr().Unmap()] = true
		}
	}
	return local, nil
}

// firstOpen is the first address that accepts a connection, tried again until
// the wait is over.
func firstOpen(ctx context.Context, addresses []netip.Addr, port uint16, wait time.Duration) (netip.AddrPort, error) {
	begun := time.Now()
	pause := 5 * time.Millisecond
	for {
		var last error
		for _, a := range addresses {
			to := netip.AddrPortFrom(a.Unmap(), port)
			dialer := net.Dialer{Timeout: max(time.Second, min(dialTimeout, wait-time.Since(begun)))}
			if wait == 0 {
				dialer.Timeout = dialTimeout
			}
			c, err := dialer.DialContext(ctx, "tcp", to.String())
			if err == nil {
				return to, c.Close()
			}
			last = &UnreachableError{to.String(), wait, rootCause(err)}
		}
		if time.Since(begun)+pause > wait || ctx.Err() != nil {
			return netip.AddrPort{}, errors.Join(last, context.Cause(ctx))
		}
		time.Sleep(pause)
		pause = min(2*pause, 200*time.Millisecond)
	}
}

// rootCause is what the system said, without who was called.
func rootCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	return err
}
