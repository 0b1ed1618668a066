package Bench::Check;

# Whether a gateway enforces the contract: the verdicts of t/data/cases.jsonl,
# and each workload's status.  What an alternative cannot see is told below and
# counted; any other difference ends the benchmark.

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();
use MIME::Base64;

use Gateway::Client;

use Bench::Variants;
use Bench::Workloads;

our @EXPORT_OK = qw(check_cases check_workloads);

# The alternatives implement the creates and the queries; how a path may be
# spelt, and method overrides, are left out: nothing here measures them.

my $operations = qr/^(?:evs_v[23]_(?:create|detail|list)|dws_v1_create)$/;
my $left_out = qr/^(?:uri-canonical|project-id|method-override)$/;

# class of the case, how many of them differ, and why

my %blind = (
    lua => {
        'json-duplicate-key' => [4, 'cjson keeps the last of two members'],
        'json-syntax' => [4, 'cjson takes NUL, control characters and any'
                             . ' bytes for UTF-8'],
        'field-type' => [2, 'an empty list is an empty table'],
        'content-type' => [1, 'one of two headers is seen'],
    },
    njs => {
        'json-duplicate-key' => [4, 'JSON.parse keeps the last of two members'],
        'json-syntax' => [3, 'njs takes a lone surrogate, NUL and any bytes'
                             . ' for UTF-8'],
        'content-type' => [1, 'one of two headers is seen'],
    },
    modsecurity => {
        'field-type' => [12, 'arguments have no types'],
        'json-duplicate-key' => [2, 'members are counted, objects are not'],
        'json-syntax' => [3, 'yajl takes a lone surrogate, NUL and any bytes'
                             . ' for UTF-8'],
    },
);

my $json = JSON::PP->new->utf8;

sub cases {
    open my $fh, '<', 't/data/cases.jsonl' or die "t/data/cases.jsonl: $!\n";

    return grep { $_->{operation} && $_->{operation} =~ $operations
                  && !grep { /$left_out/ } @{ $_->{rules} } }
           map { $json->decode($_) } <$fh>;
}

sub answer {
    my ($port, $case) = @_;

    my $body;

    if ($case->{method} eq 'POST') {
        $body = $case->{body} // '';
        utf8::encode($body);
        $body = decode_base64($case->{body_base64}) if $case->{body_base64};
    }

    my $r = Gateway::Client->new($port)->request(
        $case->{method}, $case->{target}, $case->{headers}, $body);

    return join ' ', $r->{status} || 'none',
                $r->{fault} ? ($r->{fault}, $r->{error}{code}) : ();
}

# how many cases, and those that end in another way

sub differences {
    my ($port) = @_;

    my @cases = cases();
    my @differ;

    for my $case (@cases) {
        my $expected = $case->{verdict} ne 'rejected' ? '202'
                     : $case->{method} eq 'HEAD' ? $case->{status}
                     : "$case->{status} $case->{fault} $case->{code}";
        my $got = answer($port, $case);

        push @differ, { title => $case->{title}, got => $got,
                        class => $case->{rules}[0] // 'accepted' }
            if $got ne $expected;
    }

    return (scalar @cases, @differ);
}

# what agrees, for the report

sub check_cases {
    my ($v, $port) = @_;

    my ($n, @differ) = differences($port);
    my $blind = $blind{ $v->{key} } // {};
    my %left = map { $_ => $blind->{$_}[0] } keys %$blind;

    for my $d (@differ) {
        die "$v->{key} is not right: $d->{title}: $d->{got}\n"
            if --($left{ $d->{class} } //= 0) < 0;
    }

    return {
        cases => $n, agree => $n - @differ,
        blind => { map { $_ => $blind->{$_}[1] } map { $_->{class} } @differ },
    };
}

sub check_workloads {
    my ($v, $port, @workloads) = @_;

    for my $w (@workloads) {
        my $client = Gateway::Client->new($port);
        my ($status, $body) = $client->send(Bench::Workloads::request($w));
        my $expected = Bench::Variants::expected($v, $w);

        die "$v->{key} answers the $w->{name} with $status, not $expected: "
            . "$body\n" if $status != $expected;
    }
}

1;
