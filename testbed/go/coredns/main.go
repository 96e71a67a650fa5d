// Command coredns is CoreDNS with only the plugins that a testbed's cluster DNS needs.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"

	"github.com/coredns/coredns/coremain"
)

// The order in which plugins see a query; it is CoreDNS's own, shortened.
func init() {
	dnsserver.Directives = []string{"bind", "health", "ready", "errors", "loadbalance", "cache", "hosts", "kubernetes"}
}

func main() { coremain.Run() }
