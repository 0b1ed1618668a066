package Bench::Machine;

# What was measured, and where.

use strict;
use warnings;

use Exporter 'import';
use POSIX ();

use Gateway::Process qw(nginx slurp);

our @EXPORT_OK = qw(machine);

my %packages = (
    'lua-nginx' => 'libnginx-mod-http-lua', 'lua-cjson' => 'lua-cjson',
    LuaJIT => 'libluajit2-5.1-2', njs => 'libnginx-mod-http-js',
    ModSecurity => 'libmodsecurity3', 'ModSecurity-nginx' =>
    'libnginx-mod-http-modsecurity', wrk => 'wrk', jansson => 'libjansson4',
    PCRE2 => 'libpcre2-8-0', valgrind => 'valgrind',
);

sub machine {
    my ($cpu) = slurp('/proc/cpuinfo') =~ /^model name\s*: (.*)/m;
    my ($os) = slurp('/etc/os-release')
               =~ /^PRETTY_NAME="(.*)"/m;
    my ($nginx) = qx(@{[nginx()]} -v 2>&1) =~ /nginx\/(\S+)/;
    my %versions = (nginx => $nginx);

    for my $name (keys %packages) {
        my $version = qx(dpkg-query -W -f '\${Version}' $packages{$name} \\
                         2>/dev/null);
        $versions{$name} = $version if length $version;
    }

    return {
        cpu => $cpu // (POSIX::uname())[4], cores => 0 + qx(nproc),
        kernel => (POSIX::uname())[2] =~ s/-.*//sr, os => $os, versions => \%versions,
        commit => qx(git rev-parse --short HEAD 2>/dev/null) =~ s/\n//r,
        date => POSIX::strftime('%Y-%m-%d', gmtime),
    };
}

1;
