# snapshot-check says of every request of t/data/cases.jsonl and found.jsonl
# what the gateway says of it, whatever kind of file it stands in: the same
# operation, verdict, status, code, rules, places and messages.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use Test::More;

use Cases;
use Check;
use Gateway;

my $json = JSON::PP->new->utf8->canonical;
my $dir = File::Temp->newdir(TMPDIR => 1);

# the rules of each configuration, behind a gateway and in a file

my %rules = (default => '', 'cinder.conf' => rules_of('conf/cinder.conf'));

my $servers = join '', map { my $name = s/\W//gr; <<"EOF" } sort keys %rules;
    server {
        listen 127.0.0.1:%%PORT_$name%%;
        $rules{$_}
        snapshot_error_details on;

        location / {
            snapshot_gateway enforce;
            add_header X-Judged "\$snapshot_operation \$snapshot_verdict" always;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_${name}validate%%;
        $rules{$_}
        location / { snapshot_validate; }
    }
EOF

my $g = Gateway->new(http => 'client_max_body_size 0;', servers => $servers);

# what the gateway says, in the form of snapshot-check

sub said {
    my ($case, $name) = @_;

    my @request = @$case{qw(method target headers sent)};
    my $r = $g->request(@request, port => $g->{ports}{$name});
    my ($operation, $verdict) = ($r->{headers}{'x-judged'}[0] // '')
                                =~ /(.*) (.*)/;

    $operation = $verdict = '-' if ($verdict // '-') eq '-';

    my %said = (operation => $operation, verdict => $verdict, status => undef,
                code => undef, violations => [], rules => []);

    if ($verdict eq 'rejected') {
        $said{status} = $r->{status};
        @said{qw(code violations message)}
            = @{ $r->{error} // {} }{qw(code violations message)};

    } elsif ($verdict ne '-' && $case->{method} ne 'HEAD') {
        my $v = $g->request(@request, port => $g->{ports}{"${name}validate"});
        my $o = eval { $json->decode($v->{body}) } // {};
        $said{violations} = $o->{violations} // [];
    }

    my %once;
    $said{rules} = [grep { !$once{$_}++ }
                    map { $_->{rule} } @{ $said{violations} // [] }];

    return \%said;
}

sub told {
    my ($v) = @_;

    my %told = map { $_ => $v->{$_} } qw(operation verdict status code
                                         violations rules);
    $told{message} = text_of($v) if $v->{verdict} eq 'rejected';

    return \%told;
}

# one that has no body can be judged no further than it goes

sub is_alike {
    my ($v, $said, $title, $bodiless) = @_;

    my $told = told($v);

    if ($bodiless) {
        is($told->{verdict}, 'incomplete', "$title: is not guessed");
        is("@{ $v->{lacks} }", 'body', "$title: and it is said why");
        return;
    }

    # a refusal of HEAD has no body

    if (!defined $said->{violations}) {
        delete @$_{qw(violations rules message code)} for $told, $said;
    }

    is_deeply($told, $said, $title) or diag(explain($told, $said));
}

for my $conf (sort keys %rules) {
    my $name = $conf =~ s/\W//gr;
    my @cases = grep { ($_->{conf} // 'default') eq $conf } cases(), found();

    Check::write_file("$dir/rules.conf", $rules{$conf});

    my @said = map { said($_, $name) } @cases;

    for my $kind (qw(jsonl har http)) {
        my $text = Check->can($kind)->(@cases);

        Check::write_file("$dir/$kind", $text);

        my @told = verdicts(['--rules', "$dir/rules.conf", "$dir/$kind"]);

        is(scalar @told, scalar @cases, "$conf, $kind: all are judged");

        for my $i (0 .. $#cases) {
            my $body = $cases[$i]{sent} // '';

            is_alike($told[$i] // {}, { %{ $said[$i] } },
                     "$conf, $kind, $cases[$i]{title}",
                     $kind eq 'har' && !utf8::decode($body)
                     && ($told[$i]{lacks}[0] // '') eq 'body');
        }
    }
}

is(join(' ', map { $_->{line} } verdicts(['t/data/cases.jsonl'])),
   join(' ', 1 .. 241), 'of the file of cases itself each line is judged');

$g->finish;

done_testing;
