package Contract::Facts;

# The facts of CONTRACT.md and the five pages, written down once by hand in
# t/data/contract.json for all that holds the gateway against them: this bench,
# the fuzzers and the benchmarks' peers.
#
#     operations  those that are judged have a body or a query, the others are
#                 known by name alone; requests are [methods, path]
#     bodies      by name: the member that wraps the fields, the fields, and the
#                 rule that wants one of them at least; a field has a type and
#                 rules, the rule of a string in place of a boolean, that of
#                 each entry of an object, or the field that it is an alias of
#     queries     by name: the parameters
#     rules       in the order of reporting; no code where a family lacks a
#                 rule; what is checked of a value; codes that a rule has beside
#                 its own
#     faults      the error objects; every other status is an "error"

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use JSON::PP ();

our @EXPORT = qw($FACTS %RULE @JUDGED fields_of);

our $FACTS = do {
    my $file = dirname(__FILE__) . '/../../data/contract.json';

    open my $fh, '<:raw', $file or die "$file: $!\n";
    local $/;
    JSON::PP->new->utf8->decode(<$fh>);
};

# the versions of a family are those of its paths, each once

for my $family (@{ $FACTS->{families} }) {
    my %seen;

    $family->{versions} = [grep { !$seen{$_}++ }
        map { $_->[1] =~ /^\/([^\/]+)/ } map { @{ $_->{requests} } }
        grep { $_->{family} eq $family->{name} } @{ $FACTS->{operations} }];
}

# by name, with "order"

our %RULE = do {
    my $n = 0;
    map { $_->{name} => { %$_, order => $n++ } } @{ $FACTS->{rules} };
};

our @JUDGED = grep { $_->{body} || $_->{query} } @{ $FACTS->{operations} };

# the fields of a body as messages name them: "volume_id, force or name"

sub fields_of {
    my ($body) = @_;

    my @names = map { $_->{name} } grep { !$_->{alias_of} }
                @{ $FACTS->{bodies}{$body}{fields} };
    my $last = pop @names;

    return join(', ', @names) . " or $last";
}

1;
