# What real servers make of hostile paths, alone and two in a row: Node's URL,
# Python's urllib.parse, the router of Cinder's API, and Apache in four ways.
# Where any of them finds an operation of the contract's first table, the
# gateway refuses the path, or finds the same in it.  What is found only where a
# parser drops a tab or a line break is not promised, as docs/security.md says.

use strict;
use warnings;

use File::Temp ();
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my $json = JSON::PP->new->latin1;
my $seed = $ENV{TEST_SEED} // 1;
my $random = $ENV{SERVERS_PATHS} // 20_000;

srand $seed;
note "TEST_SEED=$seed SERVERS_PATHS=$random";

# Paths: those that were found, and random ones of pieces that matter.  A
# project of Cinder's is made of hex digits.

my @found = map { s/\bp1\b/abc/r } grep { length() < 500 } map {
    my $row = $json->decode($_);
    ($row->{issue} // '') eq 'paths' ? $row->{target} =~ s/\?.*//sr : ();
} split /\n/, slurp('t/data/found.jsonl');

# one that is an operation only to parsers that drop a tab

my $limit = '/v3/snapshots/%763@%252f%252e%09.';

my @heads = ('', '', '/v3/abc/snapshots/', '/v3/abc/snapshots', '/v3/abc',
             '/v3/abc/', '/v3/snapshots/', '/v2/abc/snapshots/');

my @pieces = (
    '/', '/', '//', '/v3', 'v3', '/v2/', '/abc', 'abc', '/snapshots', 'snapshots',
    '/snapshots/', '/detail', 'detail', 'i', '.', '..', '/../', '/./', '...',
    '%2e', '%2E%2e', '%252e', '%2f', '%2F', '%252f', '%5c', "\\", "\\..\\", ';x',
    ';/', '..;/', '%3b', '#', '%23', '%3f', '%20', '%09', '%0a', '%00', '%7f',
    '%85', "\x85", "\xa0", '%a0', '%', '%%', '%25', '%2', '%zz', '.json', '.xml',
    '%2ejson', '.', '%73napshots', 'snap%73hots', 'snap%2573hots',
    'snap%25shots', 'Snapshots', 'det%61il', '%%64etail', '%763', 'V3', '/%2Fh/',
    '//h/', '/%5c%5ch', '@', ':80', '%E5%BF%AB', '/metadata/', '/action',
);

sub random_path {
    my $path = $heads[rand @heads];

    $path .= $pieces[rand @pieces] for 1 .. 1 + rand 6;

    return $path =~ m{^/} ? $path : "/$path";
}

my %seen;
my @paths = grep { !$seen{$_}++ } $limit, @found, map { random_path() } 1 .. $random;

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

# what a program makes of a list of paths

my $dir = File::Temp->newdir(TMPDIR => 1);

sub asked {
    my ($program, $paths) = @_;

    open my $fh, '>:raw', "$dir/paths" or die "$dir/paths: $!\n";
    print $fh $json->ascii->encode($paths);
    close $fh;

    my $said = qx($program <$dir/paths);
    die "$program failed\n" if $? != 0;

    return @{ $json->decode($said) };
}

# Apache says how it read a path in its log, also of one that it has no file for

my %apache = (
    'On' => "AllowEncodedSlashes On",
    'On, slashes kept' => "AllowEncodedSlashes On\nMergeSlashes Off",
    'NoDecode' => "AllowEncodedSlashes NoDecode",
    'Off' => "AllowEncodedSlashes Off",
);

my %port = map { $_ => Gateway::free_port() } sort keys %apache;

sub start_apache {
    my $modules = '/usr/lib/apache2/modules';
    my $conf = <<"EOF";
ServerRoot $dir
ServerName localhost
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
PidFile $dir/pid
ErrorLog $dir/error.log
DocumentRoot $dir
MaxKeepAliveRequests 0
LogFormat "%{X-N}i %>s %U" paths
EOF

    $conf .= "User www-data\nGroup www-data\n" if $> == 0;
    $conf .= "Listen 127.0.0.1:$port{$_}\n"
             . "<VirtualHost 127.0.0.1:$port{$_}>\n$apache{$_}\n"
             . "CustomLog $dir/$port{$_}.log paths\n</VirtualHost>\n"
        for sort keys %apache;

    open my $fh, '>', "$dir/apache.conf" or die "$dir/apache.conf: $!\n";
    print $fh $conf;
    close $fh;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        { exec '/usr/sbin/apache2', '-f', "$dir/apache.conf", '-DFOREGROUND' };
        POSIX::_exit(127);
    }

    for (1 .. 500) {
        return $pid if IO::Socket::INET->new(
            PeerAddr => "127.0.0.1:$port{On}");
        sleep 0.02;
    }

    die 'apache2 does not start: ' . slurp("$dir/error.log");
}

sub unlogged {
    my ($path) = @_;

    my %is = (n => "\n", r => "\r", t => "\t", b => "\b", v => "\x0b",
              f => "\f");

    return $path =~ s{\\(?:x(..)|(.))}
                     { defined $1 ? chr hex $1 : $is{$2} // $2 }gesr;
}

# many on one connection; Apache ends it behind a request that it refuses

sub ask_apache {
    my ($port, $paths) = @_;
    my $n = 0;

    while ($n < @$paths) {
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
            or die "no Apache at $port\n";
        my ($from, $buf) = ($n, '');

        while ($n < @$paths && $n < $from + 100) {
            my $last = $n + 1 == @$paths || $n + 1 == $from + 100;

            syswrite $s, "GET $paths->[$n] HTTP/1.1\r\nHost: localhost\r\n"
                         . "X-N: $n\r\n"
                         . ($last ? "Connection: close\r\n" : '') . "\r\n"
                or last;
            $n++;
        }

        1 while sysread $s, $buf, 65536, length $buf;

        # what came back tells how far it got

        my $answered = () = $buf =~ /^HTTP\/1\.1 \d/mg;
        $n = $from + ($answered || 1);
    }

    sleep 0.2;

    my @readings;

    for (split /\n/, slurp("$dir/$port.log")) {
        my ($i, $status, $path) = /^(\d+) (\d+) (.*)/ or next;
        $readings[$i] = unlogged($path) if $status != 400;
    }

    return @readings;
}

# The first table, letter for letter.

my @table = (
    [qr{POST}, qr{^/(v[23])(?:/[^/]+)?/snapshots\z}, sub { "evs_$_[0]_create" }],
    [qr{POST}, qr{^/v1\.0(?:/[^/]+)?/snapshots\z}, sub { 'dws_v1_create' }],
    [qr{GET}, qr{^/(v[23])(?:/[^/]+)?/snapshots\z}, sub { "evs_$_[0]_list" }],
    [qr{GET}, qr{^/(v[23])(?:/[^/]+)?/snapshots/detail\z},
     sub { "evs_$_[0]_detail" }],
    [qr{PUT}, qr{^/(v[23])(?:/[^/]+)?/snapshots/[^/]+\z},
     sub { "evs_$_[0]_update" }],
);

my @methods = qw(GET POST PUT);

sub operations {
    my ($path) = @_;
    my %is;

    for my $row (@table) {
        my ($method, $pattern, $name) = @$row;
        my ($match) = grep { $_ =~ $method } @methods;

        next if defined $is{$match} || $path !~ $pattern;
        $is{$match} = $name->($1);
    }

    return \%is;
}

# the operations that some server finds in each path: {method}{name} = server;
# and those that it finds where something was dropped

my @finds = map { {} } @paths;
my @dropping = map { {} } @paths;

sub found_in {
    my ($i, $server, $path, $dropped) = @_;
    my $is = operations($path);
    my $found = ($dropped ? \@dropping : \@finds)->[$i];

    $found->{$_}{ $is->{$_} } //= $server for keys %$is;

    return;
}

sub found_by_cinder {
    my ($i, $server, $actions) = @_;
    my %name = (index => 'list', show => '', delete => '', action => '');

    for my $method (keys %$actions) {
        for (sort keys %{ $actions->{$method} }) {
            my $found = $actions->{$method}{$_} ? \@dropping : \@finds;
            my ($version, $action) = split ' ';
            my $name = $name{$action} // $action;

            $found->[$i]{$method}{"evs_${version}_$name"} //= $server if $name;
        }
    }

    return;
}

# a round: what each program makes of what there is, as [path, dropped]; returns
# the new readings

sub round {
    my ($title, $all) = @_;
    my @from = map { my $i = $_; map { [$i, $_] } @{ $all->[$i] } } 0 .. $#$all;
    my @texts = map { $_->[1][0] } @from;

    my @node = asked('node t/e2e/servers/read.mjs', \@texts);
    my @python = asked('/usr/bin/python3 t/e2e/servers/read.py', \@texts);
    my @next = map { [] } @paths;

    for my $n (0 .. $#from) {
        my ($i, $before) = ($from[$n][0], $from[$n][1][1]);
        my ($by_python, $actions) = @{ $python[$n] };

        # what was dropped before stays so

        $_->[1] |= $before for @{ $node[$n] }, @$by_python;

        for my $found (values %$actions) {
            $_ |= $before for values %$found;
        }

        found_in($i, "${title}Node", @$_) for @{ $node[$n] };
        found_in($i, "${title}Python", @$_) for @$by_python;
        found_by_cinder($i, "${title}Cinder's router", $actions);

        push @{ $next[$i] }, @{ $node[$n] }, @$by_python;
    }

    return \@next;
}

my $pid = start_apache();
my $first = round('', [map { [[$_, 0]] } @paths]);

for my $how (sort keys %apache) {
    my @read = ask_apache($port{$how}, \@paths);

    cmp_ok(scalar(grep { defined } @read), '>', @paths / 2,
           "Apache with $how reads most paths");

    for my $i (grep { defined $read[$_] } 0 .. $#paths) {
        # without encoded slashes it answers 404, and reads nothing

        next if $how eq 'Off' && $paths[$i] =~ /%2f/i;

        found_in($i, "Apache with $how", $read[$i], 0);
        push @{ $first->[$i] }, [$read[$i], 0];
    }
}

kill 'TERM', $pid;
waitpid $pid, 0;

# each reading once more, if the first server has changed anything

for my $i (0 .. $#paths) {
    my %once;

    for (@{ $first->[$i] }) {
        my ($path, $dropped) = @$_;
        $once{$path} = $dropped & ($once{$path} // 1);
    }

    delete $once{ $paths[$i] };
    $first->[$i] = [map { [$_, $once{$_}] } sort keys %once];
}

round('a server, then ', $first);

# the gateway

my $g = Gateway->new(
    upstream => Gateway::free_port(),
    servers => 'server { listen 127.0.0.1:%%UPSTREAM%%; return 204; }',
    server => '
        keepalive_requests 1000000;
        location / {
            snapshot_gateway enforce;
            add_header X-Said "$snapshot_operation $snapshot_rule" always;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }');

# [method, path, names, servers] of what some server found

my @asked = map {
    my $i = $_;
    map { [$_, $paths[$i], $finds[$i]{$_} // {}, $dropping[$i]{$_} // {}] }
        grep { $finds[$i]{$_} || $dropping[$i]{$_} } @methods;
} 0 .. $#paths;

my (@wrong, %limit, %count);

while (my @some = splice @asked, 0, 200) {
    my @r = $g->exchange(join('', map {
        "$_->[0] $_->[1] HTTP/1.1\r\nHost: localhost\r\n"
        . "Content-Length: 0\r\n\r\n" } @some), count => scalar @some);

    # nginx ends a connection behind what it does not take for a request

    die "the gateway does not answer $some[0][1]\n" if !@r;
    unshift @asked, splice @some, scalar @r;

    for my $n (0 .. $#some) {
        my ($method, $path, $finds, $dropping) = @{ $some[$n] };
        my ($said) = @{ $r[$n]{headers}{'x-said'} // [''] };
        my ($operation, $rule) = split ' ', "$said - -";

        if ($r[$n]{status} == 400
            && ($rule eq 'uri-canonical' || $said eq ''))
        {
            $count{refused}++;
            next;
        }

        my @others = grep { $_ ne $operation } sort keys %$finds;

        # a look-up of a name that begins with an escaped "#" or "?"

        @others = grep { !/_list\z/ } @others
            if $method eq 'GET' && $path =~ m{/snapshots/%(?:25)*(?:23|3f)}i;

        if (!%$finds) {
            $count{'not promised'}++;
            $limit{"$method $path"} = join ' ', sort keys %$dropping;
            next;
        }

        $count{@others ? 'missed' : 'the same'}++;

        push @wrong, "$method $path: " . join ', ', map {
            "$finds->{$_} finds $_" } @others if @others;
    }
}

is(join("\n", sort @wrong), '', 'no server finds more than the gateway');

note join ', ', scalar(@paths) . ' paths', map { "$count{$_} $_" }
                                           sort keys %count;

is($limit{"POST $limit"}, 'evs_v3_create',
   'but for one that drops tabs, as docs/security.md says');

cmp_ok($count{refused}, '>', $random / 20, 'servers found much in them');
cmp_ok($count{'the same'}, '>', 0, 'some of it documented so');

done_testing;
