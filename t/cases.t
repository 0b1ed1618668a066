# Every request of t/data/cases.jsonl and t/data/found.jsonl goes over the wire
# and gets the verdict, status, fault, code and rules that the contract asks
# for; what is accepted reaches the upstream byte for byte, what is refused does
# not reach it.  Those of found.jsonl were found in public clients, in reports
# of bugs, and by attacking; each is for one configuration.

use strict;
use warnings;

use Test::More;

use Cases;
use Gateway;

my %conf = (
    default => sub { Gateway->new },
    'cinder.conf' => sub { Gateway->new(
        all => Gateway::shipped('cinder.conf', 8776 => '%%UPSTREAM%%')) },
);
my %gateway;

for my $case (cases(), found()) {
    my $title = $case->{title};

    my $conf = $case->{conf} // 'default';
    my $g = $gateway{$conf} //= $conf{$conf}->();

    my $r = $g->request(@$case{qw(method target headers sent)});
    my ($log) = $g->logged(1);
    my @got = $g->received;

    my @rules = sort keys %{{ map { s/;.*//r => 1 }
                              split /, (?=[a-z-]+;at=)/, $log->{violations} }};

    is($log->{operation}, $case->{operation}, "$title: operation")
        if exists $case->{operation};
    is($log->{verdict}, $case->{verdict}, "$title: verdict");
    is("@rules", join(' ', sort @{ $case->{rules} }), "$title: rules")
        if exists $case->{rules};

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
            is($r->{dws}, $case->{code} =~ /^DWS/ || $log->{operation} =~ /^dws_/,
               "$title: the members of DWS are beside it, and only of DWS");
        }

    } else {
        is($r->{status}, 200, "$title: the upstream's status");
        is(scalar @got, 1, "$title: the upstream got one request");
        is($got[0]{method}, $case->{method}, "$title: its method");
        is($got[0]{target}, $case->{target}, "$title: its target");
        is($got[0]{body}, $case->{sent} // '', "$title: its body");
    }

    my %warned = map { s/;.*//r => 1 } grep { !/^more;/ } split /, /,
                 $r->{headers}{'x-snapshot-warning'}[0] // '';

    is(join(' ', sort keys %warned), $case->{verdict} eq 'warned' ? "@rules" : '',
       "$title: warnings in the header");
}

is(scalar(my @cases = cases()), 241, 'all cases were tried');
is(scalar(my @found = found()), 44, 'and all that were found');

$_->finish for values %gateway;

done_testing;
