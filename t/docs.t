# What the documents say is so: what they name is there, their configurations
# load, and their commands print what they show.
#
# Each fence says what it is:
#
#     sh               commands, run or known to be there
#     console          commands behind "$ " and what they print, of the gateway
#                      that "make run" starts; "console above" is of the
#                      configuration above it.  "..." stands for anything
#     nginx            a whole configuration; "nginx main", "http", "server" and
#                      "location" are what belongs there
#     nginx ... fails  one that is refused, and "warns" one that is warned of:
#                      the next fence, "text", has what nginx says
#     text             no command, no configuration
#     diff             a change of the sources, which t/recipes.t makes

use strict;
use warnings;

use Encode ();
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;
use Gateway::Names;

my $program = ($ENV{TEST_BUILD} // 'build') . '/snapshot-check';

-x $program or die "$program is missing: make\n";

my @documents = ('README.md', glob 'docs/*.md');

# commands that are not run, and why; one that no document has fails

my %not_run = (
    q{tcpdump -w requests.pcap 'tcp dst port 8080'}
        => 'wants root, and a network; t/check-recipes.t has a capture',
    q{tcpflow -r requests.pcap -o flows 'tcp dst port 8080'}
        => 't/check-recipes.t runs it',
    'snapshot-check --kind http flows/*.08080' => 't/check-recipes.t runs it',
    'bench/report docs/benchmarks.md' => 'writes a document anew',
    'sudo apt install ./build/deb/libnginx-mod-http-snapshot_*.deb'
        => 'changes the machine; tools/test-deb does it in a fresh Debian',
);

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

my %text = map { $_ => slurp($_) } @documents;


# what they name is there

my $titles = join "\n", slurp('t/data/cases.jsonl') =~ /"title": "([^"]*)"/g;
my $makefile = join '', map { slurp($_) } 'Makefile', glob 'tools/*.mk';

sub unique {
    my %seen;
    return sort grep { !$seen{$_}++ } @_;
}

# GitHub's name of a heading

sub anchor {
    my ($heading) = @_;

    $heading = lc $heading;
    $heading =~ s/`//g;
    $heading =~ s/[^\w -]//g;
    return $heading =~ tr/ /-/r;
}

sub anchors {
    my ($text) = @_;

    $text =~ s/^```.*?^```$//msg;
    return map { anchor($_) => 1 } $text =~ /^#+ (.*)$/mg;
}

sub target_is_there {
    my ($target, $document) = @_;

    like($makefile, qr/^(?:[\w-]+ )*\Q$target\E(?: [\w-]+)*:/m,
         "$document: there is a target $target");
}

for my $document (@documents) {
    my $text = $text{$document};

    ok(-e, "$document: $_ exists") for unique(
        $text =~ /\b((?:t|conf|tools|bench|docs)\/[\w\/-]+\.\w+)/g);

    target_is_there($_, $document)
        for unique($text =~ /`make ([a-z][\w-]*)/g);

    ok(-e "t/unit/$_.c", "$document: there is a unit test $_")
        for unique($text =~ /\bbuild\/unit\/(\w+)/g);

    ok(index($titles, $_) >= 0, "$document: there is a case $_")
        for unique(map { /"([^"]+)"/g }
                   $text =~ /t\/cases\.t: ([^|;]*(?:;[^|;"]*"[^|]*)?)/g);

    my ($dir) = $document =~ /^(.*\/)/;

    for my $link (unique($text =~ /\]\(([^)]+)\)/g)) {
        my ($path, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
        my $file = $path eq '' ? $document : ($dir // '') . $path;

        1 while $file =~ s/[^\/]+\/\.\.\///;

        ok(-e $file && (!defined $anchor || {anchors(slurp($file))}->{$anchor}),
           "$document: the link to $link leads somewhere");
    }
}

cmp_ok(scalar(() = $text{'README.md'} =~ /\n/g), '<=', 160,
       'the README is short');

for my $document (@documents) {
    my $prose = Encode::decode('UTF-8', $text{$document})
                =~ s/^```.*?^```$|^\|.*$//msgr;

    is_deeply([$prose =~ /^(.{81,})$/mg], [], "$document: no line is too long");
}


# What a person writes of each row of the tables is there; the tables themselves
# are held against the program by t/contract.t.

my $told = JSON::PP->new->utf8->decode(scalar qx($program --contract));
my @rules = @{ $told->{rules} };
my $directives = $text{'docs/directives.md'};
my $contract = $text{'docs/contract.md'};

# the rows of a table under a heading, as lists of cells

sub rows {
    my ($text, $heading, $columns) = @_;

    my ($section) = $text =~ /^#+ \Q$heading\E\n(.*?)(?=^#|\z)/ms
        or die "no section \"$heading\"\n";
    my @rows = map { [map { s/^ +| +$//gr } split /(?<!\\)\|/, $_, -1] }
               $section =~ /^\|(.*)\|$/mg;

    return grep { @$_ == $columns && $_->[0] !~ /^-*$/ } @rows[1 .. $#rows];
}

my @sources = rows($contract, 'Where the rules come from', 5);

is((grep { $_->[4] eq '' } @sources), 0, 'each rule comes from somewhere');
is_deeply([unique(map { $_->[0] =~ /`([a-z-]+)`/g }
                  grep { length $_->[1] > 3 } rows($directives, 'Rules', 2))],
          [unique(map { $_->{name} } @rules)],
          'each asks for something');

# the pages of a rule are those of the fields that have it

my (%pages, %source);

sub pages_of {
    my ($scope, @pages) = @_;

    for my $field (@{ $scope->{fields} }) {
        push @{ $pages{$_} }, @pages for @{ $field->{rules} };
        pages_of($field->{members}, @pages) if $field->{members};
    }
}

pages_of($_->{body} // $_->{query}, $_->{page})
    for grep { $_->{body} || $_->{query} } @{ $told->{operations} };

$source{ $_->[0] =~ tr/`//dr } = $_->[4] for @sources;

for my $rule (sort keys %pages) {
    is(join(', ', $source{$rule} =~ /\b\d{3}\b/g),
       join(', ', unique(@{ $pages{$rule} })), "the pages of $rule");
}

my $entry = qr/^(\w+)\n
               \n\*\*syntax:\*\*[ ]`\1\b.*`
               \n\*\*default:\*\*[ ].*
               \n\*\*context:\*\*[ ](.*)\n\n\S/x;
my %entries = map { $_ =~ $entry ? ($1 => $2)
                                 : ("not as it should be: $_" => '') }
              $directives =~ /^### (snapshot_.*?)(?=\n##)/msg;
my %known = Gateway::Names::directives();

is_deeply(\%entries, {map { $_ => join ', ', @{ $known{$_} } } keys %known},
          'each directive has its entry, and its context');
is_deeply([unique(map { $_->[0] =~ /`\$(\w+)/g }
                  rows($directives, 'Variables', 2))],
          [Gateway::Names::variables()], 'and each variable');


# where Cinder and the gateway differ, it is said why

my $cinder = $text{'docs/cinder.md'};
my ($corpus) = $cinder =~ /<!-- corpus -->\n(.*?)<!-- end -->/s;
my %reason = map { $_ => 1 }
             map { $_->[0] =~ /`([^`]+)`/g } rows($cinder, 'Wrong requests', 2);
my (@unsaid, %needed);

for my $row (map { rows($corpus, $_, 5) } $corpus =~ /^### (.*)$/mg) {
    my ($request, $eventlet, $uwsgi, $gateway, $why) = @$row;
    my @through = $gateway =~ /^passes[^:]*: (.*?)(?: and (.*))?$/
                  ? ($1, $2 // $1) : ($gateway =~ /^(\d+)/) x 2;

    next if "@through" eq "$eventlet $uwsgi" || $why ne '';

    my ($said) = $gateway =~ /^\d+ (of nginx|[a-z-]+)/;

    $needed{$said // ''} = 1;
    push @unsaid, $request if !$reason{$said // ''};
}

is_deeply(\@unsaid, [], 'where Cinder and the gateway differ, it is said why');
is_deeply(\%reason, \%needed, 'and each reason is needed');


# each rule leads to what helps

my $troubleshooting = $text{'docs/troubleshooting.md'};
for my $rule (@rules) {
    my ($name, $severity) = @$rule{qw(name severity)};
    my ($section) = $troubleshooting =~ /^### `$name`\n(.*?)(?=^##)/ms;

    $section //= '';

    is($section =~ /\A\nWarns by default\.\n/ ? 'warn'
       : $section =~ /\A\nPass by default,/ ? 'pass' : 'reject', $severity,
       "$name: the default");
    like($section, qr/\nClient: .*\nOperator: /s, "$name: what helps");

    ok($section =~ /"code": "\Q$_\E"/
       || $severity eq 'warn' && $section =~ /^X-Snapshot-Warning: $name;/m,
       "$name: an example of $_")
        for unique(grep { defined } values %{ $rule->{codes} });
}


# the gateway of "make run"

my $run = Gateway->new(all => Gateway::shipped('nginx.conf',
                                               8081 => '%%PORT_sample%%'));
my $sample = $run->{ports}{sample};
my %port_of_run = (8080 => $run->{port}, 8081 => $sample,
                   8082 => $run->{ports}{status});

my ($metrics) = $run->exchange(Gateway::head('GET', '/metrics',
    [['Connection', 'close']]), port => $run->{ports}{status});

is_deeply([map { $_->[0] =~ /`(\w+)/ } rows($directives, 'Counters', 2)],
          [$metrics->{body} =~ /^# TYPE (\w+)/mg],
          'metrics are those of the code');

my $version = $told->{version};
my $module = 'ngx_http_snapshot_module';
my $kind = qr/Feature|Change|Bugfix|Security|Workaround/;

like(slurp('CHANGES'),
     qr/\A\nChanges with $module \Q$version\E +\d\d [A-Z][a-z][a-z] \d{4}\n\n/,
     "CHANGES begins with this version");
is((grep { !/^(?:|Changes with .*| {4}\*\) $kind: \S.*| {7}\S.*)$/
           || length > 80 } split /\n/, slurp('CHANGES')), 0,
   'and is in the form of that of nginx');


# configurations

my $proxy = "proxy_pass http://127.0.0.1:8081;\n";

# a whole configuration of a part that belongs into http, server or location

sub whole {
    my ($text, $where) = @_;

    my $load = "load_module modules/ngx_http_snapshot_module.so;\n";

    return $text if $where eq '';
    return $text . "events {}\n" if $where eq 'main';

    $text = "location / {\n$proxy$text}\n" if $where eq 'location';

    if ($where ne 'http' || $text !~ /^server \{/m) {
        my $server = $where eq 'http' ? '' : $text;

        $server .= "location / {\n$proxy}\n" if $server !~ /^location \/ \{/m;
        $server .= "listen 127.0.0.1:8080;\n" if $server !~ /^listen /m;

        $text = ($where eq 'http' ? $text : '') . "server {\n$server}\n";
    }

    my %usual = (snapshot_gateway => 'enforce', snapshot_zone => 'docs 1m',
                 client_body_buffer_size => '128k', client_max_body_size => 0);

    my $usual = join '', map { "$_ $usual{$_};\n" }
                grep { $text !~ /^\Q$_\E /m } sort keys %usual;

    return "${load}events {}\nhttp {\n$usual$text}\n";
}

# where a fragment belongs, as docs/recipes.md says in its table

sub place {
    my ($text) = @_;

    my ($word) = $text =~ /^(\w+)/;

    for my $row (rows($text{'docs/recipes.md'}, 'To run one', 2)) {
        my ($in) = $row->[1] =~ /^`(\w+)/;

        return $in if $row->[0] =~ /`$word`/ || $row->[0] !~ /`/;
    }

    return 'nowhere';
}

# it is run where it does not meet others: other ports, paths and module

sub moved {
    my ($text, $port) = @_;

    $text =~ s/load_module \S+_snapshot_module\.so;/load_module %%MODULE%%;/;
    $text =~ s/include (\S+\.conf);/Gateway::shipped($1)/ge;
    $text =~ s/\blogs\///g;
    $text =~ s/127\.0\.0\.1:8081\b/127.0.0.1:$sample/g;
    $text =~ s/127\.0\.0\.1:8080\b/127.0.0.1:%%PORT%%/g;
    $text =~ s/127\.0\.0\.1:(8\d\d\d)\b/127.0.0.1:%%PORT_p$1%%/g;

    return "daemon off; error_log error.log info; pid nginx.pid;\n"
           . ($> == 0 ? "user root;\n" : '') . $text;
}


# commands

sub ports_of {
    my ($g) = @_;

    return $g == $run ? %port_of_run
         : (8080 => $g->{port}, 8081 => $sample,
            map { /^p(\d+)$/ ? ($1 => $g->{ports}{$_}) : () }
                keys %{ $g->{ports} });
}

sub commands {
    my ($text) = @_;

    my @commands;

    for my $line (split /\n/, $text) {
        if (@commands && !@{ $commands[-1] }[1] && $commands[-1][0] =~ /\\$/) {
            $commands[-1][0] .= "\n$line";

        } elsif ($line =~ s/^\$ //) {
            push @commands, [$line, ''];

        } elsif (@commands) {
            $commands[-1][1] .= "$line\n";

        } else {
            push @commands, ["no command: $line", ''];
        }
    }

    return @commands;
}

# "..." is anything in a line, or any lines where it stands alone

sub pattern {
    my ($shown) = @_;

    my $pattern = join "\n", map {
        $_ eq '...' ? '(?s:.*)'
                    : join '[^\n]*', map { quotemeta } split /\.\.\./, $_, -1
    } split /\n/, $shown;

    return qr/\A$pattern\s*\z/;
}

sub tidy {
    my ($said) = @_;

    return $said =~ s/[ \t\r]+$//mgr;
}

sub said_as_shown {
    my ($said, $shown, $title) = @_;

    # "..." alone would be a test of nothing

    like($shown, qr/\w/, "$title: what is shown") if $shown ne '';
    like(tidy($said), pattern($shown), $title);
}

# what the documents have a reader make

my $tried = File::Temp->newdir(TMPDIR => 1);

my %used;

# true where it is known what becomes of a command without running it

sub known {
    my ($command, $document) = @_;

    return 1 if exists $not_run{$command} && ++$used{$command};

    if ($command =~ /^make(?= |$)(.*)$/) {
        for my $word (grep { !/^[A-Z]\w*=\S*$/ } split ' ', $1) {
            target_is_there($word, $document);
        }

        return 1;
    }

    if ($command =~ /^prove -It\/lib((?: t\/[\w\/-]+\.t)+)$/) {
        ok(-e, "$document: $_ exists") for split ' ', $1;
        return 1;
    }

    return 0;
}

sub run {
    my ($g, $command) = @_;

    my %port = ports_of($g);

    $command =~ s/127\.0\.0\.1:(8\d\d\d)\b/"127.0.0.1:" . ($port{$1} \/\/ 1)/ge;
    $command =~ s/build\/run\/(?:(?:logs|temp)\/)?/$g->{dir}\//g;
    $command =~ s/build\/try\b/$tried/g;
    $command =~ s/^nginx /Gateway::nginx() . ' '/me;
    $command =~ s/build\/ngx_http_snapshot_module\.so/Gateway::module()/e;
    $command =~ s/^PATH=\$PWD\/\Kbuild:/$program =~ s{\/[^\/]*$}{:}r/me;

    # of no settings of whoever runs this

    local @ENV{'CURL_HOME', 'XDG_CONFIG_HOME', 'HOME'} = ($g->{dir}) x 3;
    delete local @ENV{grep { /_proxy$/i } keys %ENV};

    my $pid = open(my $out, '-|') // die "fork: $!\n";

    if ($pid == 0) {
        open STDERR, '>&', \*STDOUT;
        open STDIN, '<', '/dev/null';
        { exec 'timeout', 60, 'bash', '-c', $command };
        POSIX::_exit(127);
    }

    local $/;
    my $said = <$out> // '';
    close $out;

    my %documented = reverse %port;

    $said =~ s/127\.0\.0\.1:(\d+)/"127.0.0.1:" . ($documented{$1} \/\/ $1)/ge;
    $said =~ s/\Q$tried\E/build\/try/g;

    # what a sanitizer says of nginx itself, which passes NULL to memcpy()

    $said =~ s/^src\/\S+ runtime error: .*\n(?: +#\d+ .*\n)*\n?//mg;

    return $said;
}

my $nginx = qr/^nginx(?:[ ](main|http|server|location))?
                     (?:[ ](fails|warns))?$/x;
my $tester = Gateway->new;
my $n_commands = 0;

for my $document (@documents) {
    my $text = $text{$document};
    my ($above, $said, $set, @lacks, @started) = (undef, undef, '');

    is(() = $text =~ /^ +```/mg, 0, "$document: no fence is indented");
    is((grep { /^    (?:\$ )?(?:make|prove|curl|sudo|nginx|cp) / }
        split /\n/, $text =~ s/^```.*?^```$//msgr), 0,
       "$document: commands are in fences");

    while ($text =~ /^```([^\n]*)\n(.*?)^```$/msg) {
        my ($info, $inside) = ($1, $2);
        my $line = 1 + (() = substr($text, 0, $-[0]) =~ /\n/g);
        my $at = "$document:$line";

        if (defined $said && $info ne 'text') {
            fail("$at: what nginx says of the configuration above");
            undef $said;
        }

        if ($info eq 'text' && defined $said) {
            said_as_shown($said, $inside, "$at: nginx says so");
            undef $said;

        } elsif ($info eq 'text') {
            unlike($inside, qr/^\$ |^ *snapshot_\w+ [^.]*;$/m,
                   "$at: no command and no directive is in a text");

        } elsif ($info eq 'diff') {
            is($document, 'docs/internals.md', "$at: a change of the sources");

        } elsif ($info eq 'sh') {
            for my $command (grep { $_ ne '' } map { s/ *(?:^| )# .*//r }
                             split /\n/, $inside)
            {
                ok(known($command, $document), "$at: \"$command\" is known");
            }

        } elsif ($info =~ $nginx) {
            my ($where, $wrong) = ($1 // '', $2 // '');

            is(place($inside), $where, "$at: where it belongs")
                if $document eq 'docs/recipes.md' && $where;

            my $conf = moved(whole($inside, $where));

            if (@lacks = Gateway::lacks($conf)) {
                SKIP: { skip "$at: nginx was built without @lacks", 1 }
                next;
            }

            my ($ok, $out) = $tester->test_conf(all => $conf);

            $out =~ s/^\d\S+ \S+ (\[\w+\]) \S+ /nginx: $1 /mg;
            $out =~ s/\Q$tester->{dir}\E\/?//g;

            is($ok, $wrong ne 'fails', "$at: nginx "
               . ($wrong eq 'fails' ? 'refuses' : 'takes') . ' this')
                or diag $out;

            if ($wrong) {
                $said = join '', map { "$_\n" } grep { /\[(?:emerg|warn)\]/ }
                                 split /\n/, $out;
                next if $wrong eq 'fails';

            } else {
                unlike($out, qr/\[warn\]/, "$at: without a warning");
            }

            # a module alone serves nothing

            next if !$ok || $where eq 'main';

            $above = Gateway->new(all => $conf);
            push @started, $above;

            like($above->get('/')->{status}, qr/^[2-4]\d\d$/,
                 "$at: it answers");

        } elsif ($info =~ /^console( above)?$/) {
            my $g = $1 ? $above : $run;

            next if $1 && @lacks;

            if (!$g) {
                fail("$at: there is a configuration above");
                next;
            }

            my @commands = commands($inside);

            cmp_ok(scalar @commands, '>', 0, "$at: there is a command");

            for my $command (@commands) {
                my ($line, $shown) = @$command;

                if ($line =~ /^\w+=(?:'[^']*'|"[^"]*"|[^\s'"]*)+$/) {
                    $set .= "$line\n";
                    next;
                }

                next if known($line, $document);

                $n_commands++;
                my $out = run($g, $set . $line);

                # an access log is written when the client has its answer

                for (1 .. 100) {
                    last if $line !~ /^(?:cat|grep|tail) .*\blogs\//
                            || tidy($out) =~ pattern($shown);
                    sleep 0.05;
                    $out = run($g, $set . $line);
                }

                said_as_shown($out, $shown, "$at: $line");
            }

        } else {
            fail("$at: \"$info\" is a kind of fence");
        }
    }

    ok(!defined $said, "$document: what nginx says is there");
    is(() = $text =~ /^```/mg, 2 * (() = $text =~ /^```[^\n]*\n.*?^```$/msg),
       "$document: each fence has its end");

    $_->finish for @started;
}

cmp_ok($n_commands, '>', 100, 'commands were run');
ok($used{$_}, "a document has \"$_\"") for sort keys %not_run;

$tester->finish;
$run->finish;

done_testing;
