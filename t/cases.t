# Every request of t/data/cases.jsonl goes over the wire and gets the verdict,
# status, fault, code and rules that the contract asks for; what is accepted
# reaches the upstream byte for byte, what is refused does not reach it.

use strict;
use warnings;

use JSON::PP;
use MIME::Base64;
use Test::More;

use Gateway;

my $g = Gateway->new;
my $json = JSON::PP->new->utf8;

open my $fh, '<', 't/data/cases.jsonl' or die "cases: $!\n";

my $n = 0;

while (my $line = <$fh>) {
    my $case = $json->decode($line);
    my $title = ++$n . ' ' . $case->{title};

    my $body = $case->{body_base64} ? decode_base64($case->{body_base64})
             : do { my $b = $case->{body} // ''; utf8::encode($b); $b };

    my $sent = $case->{method} =~ /^(?:POST|PUT)$/ ? $body : undef;

    my $r = $g->request($case->{method}, $case->{target}, $case->{headers},
                        $sent);
    my ($log) = $g->logged(1);
    my @got = $g->received;

    my @rules = sort keys %{{ map { s/;.*//r => 1 }
                              split /, (?=[a-z-]+;at=)/, $log->{violations} }};

    is($log->{operation}, $case->{operation} // '', "$title: operation");
    is($log->{verdict}, $case->{verdict}, "$title: verdict");
    is("@rules", join(' ', sort @{ $case->{rules} }), "$title: rules");

    if ($case->{verdict} eq 'rejected') {
        is($r->{status}, $case->{status}, "$title: status");
        is($log->{code}, $case->{code}, "$title: code in the log");
        is(scalar @got, 0, "$title: the upstream got nothing");
        is($r->{headers}{'content-type'}[0], 'application/json',
           "$title: type");

        if ($case->{method} ne 'HEAD') {
            is($r->{fault}, $case->{fault}, "$title: fault");
            is($r->{error}{code}, $case->{code}, "$title: code");
            is(join(' ', sort keys %{ $r->{error} // {} }), 'code message',
               "$title: exactly the two members");
        }

    } else {
        is($r->{status}, 200, "$title: the upstream's status");
        is(scalar @got, 1, "$title: the upstream got one request");
        is($got[0]{method}, $case->{method}, "$title: its method");
        is($got[0]{target}, $case->{target}, "$title: its target");
        is($got[0]{body}, $sent // '', "$title: its body");
    }

    my @warned = map { s/;.*//r } split /, /,
                 $r->{headers}{'x-snapshot-warning'}[0] // '';

    is("@warned", $case->{verdict} eq 'warned' ? "@rules" : '',
       "$title: warnings in the header");
}

is($n, 241, 'all cases were tried');

$g->finish;

done_testing;
