// A container registry and chart repository for ci/registry-demo: distribution, with only what that needs compiled in.
//
// It listens at several addresses, of which some may not exist yet: a bridge is there once its first container is.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/sirupsen/logrus"

	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	storage := flag.String("storage", "", "folder of the registry's content")
	charts := flag.String("charts", "", "folder that is served as the chart repository /charts/")
	addresses := flag.String("listen", "127.0.0.1:0", "addresses, separated by commas; all get the port of the first")
	login := flag.String("login", "", "user:password that everybody has to give; without it nobody has to")
	certificate := flag.String("certificate", "", "certificate file: with -key, it speaks TLS")
	key := flag.String("key", "", "key file of the certificate")
	port := flag.String("port-file", "", "file to write the port to, once it listens")
	flag.Parse()
	if err := serve(*storage, *charts, *login, *certificate, *key, *port, strings.Split(*addresses, ",")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(storage, charts, login, certificate, key, portFile string, addresses []string) error {
	logrus.SetLevel(logrus.WarnLevel)
	config := &configuration.Configuration{
		Version: "0.1",
		Storage: configuration.Storage{
			"filesystem": configuration.Parameters{"rootdirectory": storage},
			"delete":     configuration.Parameters{"enabled": false},
		},
	}
	config.HTTP.Secret = "one process only"
	mux := http.NewServeMux()
	mux.Handle("/v2/", handlers.NewApp(context.Background(), config))
	mux.Handle("/charts/", http.StripPrefix("/charts/", http.FileServer(http.Dir(charts))))
	listeners, port, err := listen(addresses)
	if err != nil {
		return err
	}
	ended := make(chan error)
	for _, listener := range listeners {
		if certificate != "" {
			pair, err := tls.LoadX509KeyPair(certificate, key)
			if err != nil {
				return err
			}
			listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
		}
		go func() { ended <- http.Serve(listener, allowed(login, mux)) }()
	}
	if portFile != "" {
		// Whole or not at all: who waits for it reads it at once.
		if err := os.WriteFile(portFile+".part", []byte(port), 0o644); err != nil {
			return err
		}
		if err := os.Rename(portFile+".part", portFile); err != nil {
			return err
		}
	}
	return <-ended
}

func allowed(login string, inner http.Handler) http.Handler {
	if login == "" {
		return inner
	}
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		user, password, _ := request.BasicAuth()
		if user+":"+password != login {
			answer.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			http.Error(answer, "unauthorized", http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(answer, request)
	})
}

func listen(addresses []string) ([]net.Listener, string, error) {
	config := net.ListenConfig{Control: func(_, _ string, socket syscall.RawConn) (err error) {
		outer := socket.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_FREEBIND, 1)
		})
		if outer != nil {
			return outer
		}
		return err
	}}
	var listeners []net.Listener
	port := ""
	for _, address := range addresses {
		if port != "" {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, "", err
			}
			address = net.JoinHostPort(host, port)
		}
		listener, err := config.Listen(context.Background(), "tcp4", address)
		if err != nil {
			return nil, "", err
		}
		listeners = append(listeners, listener)
		if port == "" {
			_, port, _ = net.SplitHostPort(listener.Addr().String())
		}
	}
	return listeners, port, nil
}
