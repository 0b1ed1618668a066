# The program's own tables, as snapshot-check tells them, are the contract as
# t/data/contract.json has it, row by row; and the documents' tables are those
# of the program.

use strict;
use warnings;

use File::Copy qw(copy);
use File::Temp ();
use JSON::PP ();
use Test::More;

use Contract::Facts;

my $build = $ENV{TEST_BUILD} // 'build';
my $program = "$build/snapshot-check";

-x $program or die "$program is missing: make\n";

my $told = JSON::PP->new->utf8->decode(scalar qx($program --contract));

sub by_name { return { map { $_->{name} => $_ } @{ $_[0] } } }

sub sorted { return [sort @_] }


is_deeply($told->{families}, $FACTS->{families}, 'families and their versions');


# operations, and who of them is judged by what

sub requests {
    my ($operation) = @_;

    return sorted(map { my ($methods, $path) = ref $_ eq 'ARRAY' ? @$_
                            : ("@{ $_->{methods} }", $_->{path});
                        map { "$_ $path" } split / /, $methods
                      } @{ $operation->{requests} });
}

my $known = by_name($told->{operations});

is_deeply(sorted(keys %$known), sorted(map { $_->{name} }
                                       @{ $FACTS->{operations} }),
          'the operations are those of the contract');

for my $fact (@{ $FACTS->{operations} }) {
    my $operation = $known->{ $fact->{name} } or next;

    is_deeply(requests($operation), requests($fact),
              "$fact->{name}: its requests");
    is_deeply([@$operation{qw(family status page)}],
              [@$fact{qw(family status page)}],
              "$fact->{name}: its family, status and page");
    is_deeply([map { defined $operation->{$_} ? $_ : () } qw(body query)],
              [map { defined $fact->{$_} ? $_ : () } qw(body query)],
              "$fact->{name}: what of it is judged");
}


# fields: what is true of each, as "key value"

sub field_told {
    my ($field) = @_;

    my @rules = @{ $field->{rules} };
    my $entry = $field->{members} && $field->{members}{entry};

    push @rules, $entry if defined $entry;

    return { type => $field->{type}, rules => sorted(@rules),
             map { $_ => $field->{$_} ? 1 : 0 } qw(required nullable) };
}

sub field_fact {
    my ($field) = @_;

    return { type => $field->{type},
             rules => sorted(@{ $field->{rules} // [] },
                             grep { defined } @$field{qw(as_string entry)}),
             map { $_ => $field->{$_} ? 1 : 0 } qw(required nullable) };
}

sub fields_are {
    my ($title, $told, $facts) = @_;

    is_deeply({ map { $_->{name} => field_told($_) } @$told },
              { map { $_->{name} => field_fact($_) } @$facts }, $title);
}

for my $fact (grep { $_->{body} } @JUDGED) {
    my $operation = $known->{ $fact->{name} } or next;
    my $body = $FACTS->{bodies}{ $fact->{body} };
    my ($wrapper, @more) = @{ $operation->{body}{fields} };

    is_deeply([$wrapper->{name}, scalar @more, $wrapper->{required} ? 1 : 0],
              [$body->{wrapper}, 0, 1], "$fact->{name}: what wraps its fields");
    is($wrapper->{members}{any_of}, $body->{any_of},
       "$fact->{name}: the rule that wants one of them");
    fields_are("$fact->{name}: its fields", $wrapper->{members}{fields},
               [grep { !$_->{alias_of} } @{ $body->{fields} }]);
    is_deeply({ map { $_->{name} => "$_->{rule} $_->{field}" }
                @{ $wrapper->{members}{aliases} } },
              { map { $_->{alias_of}
                      ? ($_->{name} => "field-alias $_->{alias_of}") : () }
                @{ $body->{fields} } },
              "$fact->{name}: its aliases");
}

for my $fact (grep { $_->{query} } @JUDGED) {
    my $operation = $known->{ $fact->{name} } or next;

    # all of them are text in a query

    fields_are("$fact->{name}: its parameters", $operation->{query}{fields},
               [map { +{ %$_, type => 'string' } }
                @{ $FACTS->{queries}{ $fact->{query} }{params} }]);
}


# rules, in the order of reporting

is_deeply([map { $_->{name} } @{ $told->{rules} }],
          [map { $_->{name} } @{ $FACTS->{rules} }],
          'the rules are those of the contract, in its order');

my $rules = by_name($told->{rules});

for my $fact (@{ $FACTS->{rules} }) {
    my $name = $fact->{name};
    my $rule = $rules->{$name} or next;
    my @codes = map { { EVS => $_->{EVS}, DWS => $_->{DWS} } } $fact,
                @{ $fact->{codes} // [] };

    is_deeply([@$rule{qw(severity status max)}],
              [@$fact{qw(severity status max)}],
              "$name: its severity, status and max");
    is_deeply($rule->{codes}, $codes[0], "$name: its codes");

    # beside these, the rule's own may be told once more

    is_deeply(sorted(grep { $_ ne ($fact->{EVS} // '') }
                     map { values %{ $_->{codes} } } @{ $rule->{also} }),
              sorted(grep { defined } map { values %$_ } @codes[1 .. $#codes]),
              "$name: its other codes");

    my $asked = $rule->{asks};
    my $check = $fact->{check} // '';

    is_deeply($asked->{one_of} // $asked->{none_of}, $fact->{words},
              "$name: its words") if $check eq 'words';
    is($asked->{prefix}, $fact->{prefix}, "$name: the prefix")
        if $check eq 'prefix';
    is($asked->{pattern} // '', $fact->{pattern}, "$name: the pattern")
        if $check eq 'pattern';
    is($asked->{max_bytes}, $fact->{max}, "$name: so many bytes")
        if $check eq 'bytes';
    is_deeply([@$asked{qw(max_characters except)}],
              [@$fact{qw(max none_of)}], "$name: the characters")
        if $check eq 'characters';
    is_deeply([@$asked{qw(min max)}], [$fact->{min} || undef, $fact->{max}],
              "$name: the range")
        if $check eq 'range';
}


# errors

my %fault = map { $_->{status} => $_ } @{ $FACTS->{faults} };
my %told_faults = map { $_->{status} => $_ } @{ $told->{faults} };

for my $status (sort { $a <=> $b } keys %{ { %fault, %told_faults } }) {
    my $fact = $fault{$status} // { name => 'error' };

    is_deeply([@{ $told_faults{$status} // {} }{qw(name codes)}],
              [$fact->{name}, { map { $_ => $fact->{$_} // $status }
                                qw(EVS DWS) }],
              "error $status: its name and codes");
}


# the documents are those that "make docs" would write

my $dir = File::Temp->newdir(TMPDIR => 1);

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

copy($_, "$dir/") or die "$_: $!\n" for glob 'docs/*.md';

is(system('tools/docs', $program, $dir), 0, 'the tables are written');
is(slurp($_), slurp("$dir/" . s/.*\///r), "$_ is fresh, or make docs")
    for glob 'docs/*.md';

# and would be written if they were other ones, but for the last column

my $troubles = slurp("$dir/contract.md") =~ s/400 badRequest/400 worse/gr
               =~ s/^\| `marker` .*\n//mr =~ s/a page are advised/is fine/r;

open my $fh, '>:raw', "$dir/contract.md" or die "contract.md: $!\n";
print $fh $troubles;
close $fh;

system 'tools/docs', $program, $dir;
is(slurp("$dir/contract.md"),
   slurp('docs/contract.md') =~ s/a page are advised/is fine/r
   =~ s/^(\| `marker` .* \|) [^|]* \|$/$1 004 |/mr,
   'what is stale is written anew, what a person wrote is kept');

done_testing;
