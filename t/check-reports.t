# What snapshot-check reports: the same counts as text, JSON, SARIF, JUnit and
# line by line, with the first examples by file and line, and an exit status for
# who only wants to know whether something is wrong.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use Test::More;

use Cases;
use Check;
use Gateway;

my $dir = File::Temp->newdir(TMPDIR => 1);
my $json = JSON::PP->new->utf8->canonical;
my $cases = 't/data/cases.jsonl';

my @told = verdicts([$cases]);

# by rule and by tenant, as the lines have it

sub report {
    my ($format, @args) = @_;

    my ($rc, $out, $err) = check(['--format', $format, @args]);
    return ($rc, $out);
}

my ($rc, $out) = report('json', $cases);
my $report = $json->decode($out);
my (%rules, %tenants, %verdicts);

for my $v (@told) {
    $verdicts{$v->{verdict}}++;
    next if $v->{verdict} eq '-';
    $tenants{$v->{tenant}}++;
    $rules{$_}++ for @{ $v->{rules} };
}

is($rc, 1, 'a refusal is a failure');
is($report->{requests}, 241, 'all requests are counted');
is_deeply({ map { $_ => $report->{verdicts}{$_} } keys %verdicts }, \%verdicts,
          'by verdict');
is_deeply({ map { $_->{rule} => $_->{requests} } @{ $report->{rules} } },
          \%rules, 'by rule');
is_deeply({ map { $_->{tenant} => $_->{requests} } @{ $report->{tenants} } },
          \%tenants, 'by tenant');

for my $rule (@{ $report->{rules} }) {
    my @all = grep { grep { $_ eq $rule->{rule} } @{ $_->{rules} } } @told;
    my @first = map { my $v = $_;
                      my ($f) = grep { $_->{rule} eq $rule->{rule} }
                                @{ $v->{violations} };
                      { file => $cases, line => $v->{line},
                        rule => $rule->{rule}, message => $f->{message} } }
                grep { defined } @all[0 .. 2];

    $_->{message} = substr $_->{message}, 0, 240 for @first;
    is_deeply($rule->{examples}, \@first, "$rule->{rule}: its first examples");
}

# as text: the same

($rc, $out) = report('text', $cases);

is($rc, 1, 'text: the same exit status');
is($out =~ s/\n.*//sr, "241 requests: $verdicts{accepted} accepted, "
   . "$verdicts{warned} warned, $verdicts{rejected} rejected, 0 incomplete, "
   . "$verdicts{'-'} not in scope", 'text: the totals');

for my $rule (@{ $report->{rules} }) {
    my $first = "    $cases:$rule->{examples}[0]{line}: ";

    like($out, qr/^$rule->{rule} +$rule->{severity} +$rule->{requests}\n$first/m,
         "text: $rule->{rule}");
}

like($out, qr/^\Q$_->{tenant}\E +$_->{requests} /m, 'text: a tenant')
    for @{ $report->{tenants} }[0 .. 2];
is((grep { length > 400 } split /\n/, $out), 0, 'text: no line is endless');

# JUnit: a case for each rule, well-formed

($rc, $out) = report('junit', $cases);

is($rc, 1, 'junit: the same exit status');
is(not_well_formed($out), '', 'junit: it is well-formed');

my ($tests) = $out =~ /<testsuite name="snapshot-check" tests="(\d+)"/;
my ($failures) = $out =~ /<testsuite .* failures="(\d+)"/;
my @cases_of = $out =~ /<testcase classname="snapshot-check" name="(.*?)"/g;
my @failed = $out =~ /name="([\w-]+)" time="0"><failure message="\d+ requests"/g;
my @rejecting = map { $_->{rule} }
                grep { $_->{severity} eq 'reject' } @{ $report->{rules} };

is($tests, scalar @cases_of, 'junit: its tests are counted');
is("@failed", "@rejecting", 'junit: those fail that requests break');
is($failures, scalar @failed, 'junit: and are counted');

sub not_well_formed {
    my ($xml) = @_;

    my @open;

    $xml =~ s/^<\?xml version="1.0" encoding="UTF-8"\?>\n// or return 'no XML';
    utf8::decode(my $copy = $xml) or return 'no UTF-8';

    return 'a control character' if $xml =~ /[\x00-\x08\x0b-\x1f]/;

    while ($xml =~ s/^([^<]*)<(\/?)(\w[\w-]*)((?: [\w-]+="[^"<]*")*)(\/?)>//) {
        my ($text, $end, $name, $attributes, $empty) = ($1, $2, $3, $4, $5);

        return "an ampersand in $text$attributes"
            if "$text$attributes" =~ /&(?!(?:lt|gt|amp|quot);)/;
        $end ? (pop(@open) // '') eq $name || return "$name ends"
             : $empty || push @open, $name;
    }

    return @open ? "@open has no end" : $xml =~ /\S/ ? "what is $xml" : '';
}

# SARIF: a result for each violation, by the schema

($rc, $out) = report('sarif', $cases);
my $sarif = $json->decode($out);
my ($run) = @{ $sarif->{runs} };
my @names = map { $_->{id} } @{ $run->{tool}{driver}{rules} };

is($rc, 1, 'sarif: the same exit status');
is($sarif->{version}, '2.1.0', 'sarif: its version');
is(scalar @{ $run->{results} }, scalar(map { @{ $_->{violations} } } @told),
   'sarif: a result for each violation');
is((grep { $names[$_->{ruleIndex}] ne $_->{ruleId} } @{ $run->{results} }), 0,
   'sarif: each has its rule');
is_deeply([map { [$_->{locations}[0]{physicalLocation}{region}{startLine},
                  $_->{message}{text}, $_->{level}] } @{ $run->{results} }],
          [map { my $v = $_;
                 map { [$v->{line}, $_->{message}, $_->{severity} eq 'reject'
                        ? 'error' : 'warning'] } @{ $v->{violations} } } @told],
          'sarif: its line, its message and its level');

my $name = "$dir/a b%\x{e9}:#\"<&>'\\.jsonl";

utf8::encode($name);
Check::write_file($name, Check::read_file($cases) . "{\n");
($rc, $out) = report('sarif', $name);
Check::write_file("$dir/strange.sarif", $out);
$sarif = $json->decode($out);

like($sarif->{runs}[0]{results}[0]{locations}[0]{physicalLocation}
     {artifactLocation}{uri}, qr{^[\w/.%-]+$}, 'sarif: a name becomes a URI');
ok(!$sarif->{runs}[0]{invocations}[0]{executionSuccessful},
   'sarif: it is said where not all was read');

my %sarif = (cases => [$cases], strange => [$name], nothing => ['/dev/null'],
             warnings => ['--fail-on', 'warn', $cases]);

SKIP: {
    skip Gateway::without_npm(), 5 if Gateway::without_npm();

    for my $title (sort keys %sarif) {
        ($rc, $out) = report('sarif', @{ $sarif{$title} });
        Check::write_file("$dir/$title.sarif", $out);
        is(scalar qx(node t/node/sarif.mjs $dir/$title.sarif 2>&1), '',
           "sarif, $title: it keeps to the schema");
    }

    Check::write_file("$dir/bad.sarif", $out =~ s/"level": "error"/"level": 1/r);
    like(scalar qx(node t/node/sarif.mjs $dir/bad.sarif 2>&1),
         qr/level: should be/, 'sarif: what does not is found');
}

for my $format (qw(text json junit ndjson)) {
    ($rc, $out) = report($format, $name);

    is($rc, 2, "$format: what could not be read counts most");
    ok(utf8::decode($out), "$format: a strange name leaves it UTF-8");
    is($format eq 'junit' ? not_well_formed((report('junit', $name))[1]) : '',
       '', "$format: and as it was");
}

# what counts as a failure

my %only = (
    rejected => '{"method": "GET", "target": "/v3/p/snapshots?limit=0", ',
    warned => '{"method": "GET", "target": "/v3/p/snapshots?limit=99", ',
    accepted => '{"method": "GET", "target": "/v3/p/snapshots", ',
);

for my $row (['rejected', 1, 1, 1, 0], ['warned', 0, 0, 1, 0],
             ['accepted', 0, 0, 0, 0]) {
    my ($verdict, @expected) = @$row;
    my $line = $only{$verdict} . '"headers": []}';

    my @got = map { (check([@$_, '-'], $line))[0] }
              [], ['--fail-on', 'reject'], ['--fail-on', 'warn'],
              ['--fail-on', 'never'];

    is("@got", "@expected", "$verdict: the exit status by --fail-on");
}

# what is wrong on the command line

for my $args ([], ['--format', 'xml', $cases], ['--kind', 'pcap', $cases],
              ['--fail-on', 'all', $cases], ['--openapi=2.0'], ['--nothing'],
              ['--explain', 'EVS.1'], ['--member', 'x=y', $cases],
              ['--member', 'target=', $cases], ['--member', 'target', $cases]) {
    my ($rc, $out, $err) = check($args);

    is("$rc $out", '2 ', "@$args: nothing is judged");
    like($err, qr/^(?:usage: |snapshot-check: --|\S*snapshot-check: unrec)/,
         "@$args: and it is said why");
}

like((check(['--help']))[1], qr/^usage: snapshot-check /, 'help is given');
like((check(['--version']))[1], qr/^snapshot-check \d+\.\d+\.\d+\n$/,
     'so is the version');

# codes and rules are explained, all of them

my $contract = $json->decode((check(['--contract']))[1]);

for my $rule (@{ $contract->{rules} }) {
    ($rc, $out) = check(['--explain', $rule->{name}]);
    like($out, qr/^rule $rule->{name}: $rule->{severity}.* $rule->{status} /,
         "$rule->{name} is explained");

    for my $code (grep { defined } values %{ $rule->{code} // $rule->{codes} }) {
        like((check(['--explain', $code]))[1], qr/^rule \Q$rule->{name}\E:/m,
             "$code may be $rule->{name}");
    }
}

like((check(['--explain', 'EVS.2142']))[1], qr/^rule limit-range: (?s:.*)
    EVS\.2142: invalid filter limit, can not greater than 1000\.$/m,
     'so is a code of a value');
like((check(['--explain', 'EVS.5500']))[1], qr/^status 500 error: /,
     'so is an error that is no violation');

done_testing;
