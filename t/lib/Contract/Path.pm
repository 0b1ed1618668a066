package Contract::Path;

# CONTRACT.md, section 1, read once more for the tests alone and without a look
# at src/: what a gateway has to make of a path.  It is slow and plain on
# purpose, sentence by sentence, and shares nothing with what it judges.
#
#     path_reading($method, $path, $prefix)
#
# takes what stands before the first "?" and the configured prefix, if any, and
# returns
#
#     kind        "plain", "harmless" or "odd"; the last breaks uri-canonical
#     scope       whether the path has the word
#     operation   a name of the tables, "unknown", or undef out of scope
#     judged      whether that is an operation of the first table
#     family      "EVS" or "DWS"
#     project     the path's project id and snapshot id as they are there,
#     id          or undef
#     methods     [names]: of an unknown path, those that operation-known allows
#
# As a program it reads lines of METHOD, the path in hex and the prefix, with
# tabs between them, and prints kind, operation, project id and snapshot id in
# the same way, the ids only where they are well-formed:
#
#     printf 'GET\t%s\t\n' $(printf /v3/p/snapshots | xxd -p) |
#         perl -It/lib t/lib/Contract/Path.pm

use strict;
use warnings;

use Exporter 'import';

use Contract::Facts;

our @EXPORT_OK = qw(path_reading decoded);

# the operations: name, methods, path; a literal segment before a free one

my ($judged, $siblings) = map {
    [sort { $a->[2] cmp $b->[2] }
     map { my $o = $_; map { [$o->{name}, @$_] } @{ $o->{requests} } } @$_]
} \@JUDGED, [grep { !$_->{body} && !$_->{query} } @{ $FACTS->{operations} }];
my @judged = @$judged;
my @siblings = @$siblings;

our @OPERATIONS = map { $_->{name} } @{ $FACTS->{operations} };

# each of their requests: operation, method, path

our @REQUESTS = map { my ($name, $methods, $path) = @$_;
                      map { [$name, $_, $path] } split / /, $methods
                    } @judged, @siblings;

# each row once more without its project id, behind all that have one

my @rows = map { my $with = $_;
    map({ { name => $_->[0], methods => [split / /, $_->[1]], judged => 1,
            segments => segments_of_row($_->[2], $with) } } @judged),
    map({ { name => $_->[0], methods => [split / /, $_->[1]], judged => 0,
            segments => segments_of_row($_->[2], $with) } } @siblings)
} 1, 0;

sub segments_of_row {
    my ($text, $with_project) = @_;

    $text =~ s/\/\{project_id\}// if !$with_project;
    return [split /\//, substr $text, 1];
}

my %first_table = map { $_ => 1 } map { split / /, $_->[1] } @judged;
my %family = map { my $f = $_; map { $_ => $f->{name} } @{ $f->{versions} } }
             @{ $FACTS->{families} };
my @versions = sort keys %family;
my $versions = join '|', map { quotemeta } @versions;
my $any_version = qr/(?:$versions)/;

my $project_id = qr/\A(?:$RULE{'project-id'}{pattern})\z/;
my $uuid = qr/\A[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\z/i;

# bytes

my $plain_byte = qr/[0-9A-Za-z._~!\$&'()*+,=:@-]/;
my $plain_segment = qr/(?!\.{1,2}(?:\/|\z))$plain_byte+/;
my $blank = qr/[\x00-\x20\x85\xa0]/;
my $control = qr/[\x00-\x1f\x7f]/;
my $kept = qr/(?!$blank|$control)[^\/\\.;#?%]/s;
my $wordly = qr/[0-9A-Za-z_-]/;

sub path_reading {
    my ($method, $path, $prefix) = @_;

    $prefix //= '';

    my $taken_off = without_prefix($path, $prefix);
    my $rest = $taken_off // $path;
    my $scope = has_word($rest);

    my $kind = is_plain($path)
               && !is_odd_by_letters_or_suffix($method, $path, $prefix)
               ? 'plain' : is_harmless($method, $rest) ? 'harmless' : 'odd';

    my $found = !$scope || $kind eq 'harmless' ? undef
              : $kind eq 'odd' ? normal_operation($method, $path, $prefix)
              : defined $taken_off
              ? operation($method, 0, segments($taken_off)) : undef;

    return {
        kind      => $kind,
        scope     => $scope ? 1 : 0,
        operation => !$scope ? undef : $found ? $found->{name} : 'unknown',
        judged    => $found ? $found->{judged} : 0,
        family    => $kind eq 'plain' ? family_of_plain($rest) : family($rest),
        project   => !$scope ? undef : $found ? $found->{project_id}
                     : $kind eq 'plain' ? project_of_plain($path, $prefix)
                     : project_of_odd($rest),
        id        => $found ? $found->{snapshot_id} : undef,
        methods   => $scope && !$found && $kind eq 'plain'
                     && defined $taken_off
                     ? [methods(segments($taken_off))] : [],
    };
}

# the project id in a path that is no operation, but begins like one

sub project_of_plain {
    my ($path, $prefix) = @_;

    return $path =~ /\A(?i:\Q$prefix\E)\/$any_version\/($plain_segment)
                     \/snapshots(?:\/|\z)/x ? $1 : undef;
}

sub project_of_odd {
    my ($path) = @_;

    return $path =~ /\A\/$any_version\/($plain_segment)\/snapshots\//
           ? $1 : undef;
}

# undef where the prefix is not there

sub without_prefix {
    my ($path, $prefix) = @_;

    return $path =~ /\A\Q$prefix\E((?:\/.*)?)\z/s ? $1 : undef;
}

sub segments { return split /\//, substr($_[0], 1), -1 }


# plain

sub is_plain {
    my ($path) = @_;

    return $path =~ /\A(?:\/$plain_segment)+\z/;
}

# in other letters, or with a suffix, is it an operation of the first table?

sub is_odd_by_letters_or_suffix {
    my ($method, $path, $prefix) = @_;

    my ($before, $rest) = $path =~ /\A(\Q$prefix\E)(\/.*)\z/is or return 0;

    my @segments = segments($rest);

    for my $form (\@segments, without_suffix($method, @segments)) {
        my $found = operation($method, 1, @$form);

        return 1 if $found && $found->{judged}
                    && ("@$form" ne "@segments" || $before ne $prefix
                        || !in_own_letters($found, @$form));
    }

    return 0;
}

sub in_lower_case {
    return map { /\A(?:$versions|snapshots|detail)\z/i ? lc : $_ } @_;
}

sub in_own_letters {
    my ($found, @segments) = @_;

    my @row = @{ $found->{segments} };

    for my $i (0 .. $#row) {
        return 0 if $row[$i] !~ /\{/ && $row[$i] ne $segments[$i];
        return 0 if $i > 0 && $row[$i - 1] eq 'snapshots'
                    && $segments[$i] =~ /\A(?:snapshots|detail)\z/i
                    && $segments[$i] =~ /[A-Z]/;
    }

    return 1;
}

# What is left of the segments without a suffix: what stands behind the first
# dot of the last one, unless this dot is its first byte; for POST and PUT, also
# any number of last segments that begin with a dot.

sub without_suffix {
    my ($method, @segments) = @_;

    my @forms;

    while (@segments) {
        my $last = $segments[-1] =~ s/\A([^.]+)\..*/$1/sr;

        push @forms, [@segments[0 .. $#segments - 1], $last];

        last if $method !~ /\A(?:POST|PUT)\z/ || $last !~ /\A\./;

        pop @segments;
    }

    return @forms;
}


# the table; with words in lower case, or as they are

sub fits {
    my ($row, @segments) = @_;

    my @expected = @{ $row->{segments} };

    return 0 if @expected != @segments;
    return !grep { $expected[$_] !~ /\{/ && $expected[$_] ne $segments[$_] }
                 0 .. $#segments;
}

sub operation {
    my ($method, $lower, @segments) = @_;

    for my $row (@rows) {
        next if !grep { $_ eq $method } @{ $row->{methods} };
        next if !fits($row, $lower ? in_lower_case(@segments) : @segments);

        return { %$row, map { $row->{segments}[$_] =~ /\A\{(.*)\}\z/
                              ? ($1 => $segments[$_]) : () } 0 .. $#segments };
    }

    return;
}

# those that would make a known request of it: with a well-formed project id,
# and for an operation of the first table also a well-formed snapshot id

sub methods {
    my (@segments) = @_;

    my %methods;

    for my $row (@rows) {
        next if !fits($row, @segments);

        my %value;
        @value{ @{ $row->{segments} } } = @segments;

        next if ($value{'{project_id}'} // '') !~ $project_id;
        next if $row->{judged} && exists $value{'{snapshot_id}'}
                && $value{'{snapshot_id}'} !~ $uuid;

        $methods{$_} = 1 for @{ $row->{methods} };
    }

    return sort keys %methods;
}


# decoded: until nothing changes, "\" as "/"

sub decoded {
    my ($text) = @_;

    1 while $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;

    return $text =~ tr/\\/\//r;
}

# the two forms in which each condition has to hold: with every "%" that is
# left, and with all of these taken out

sub forms {
    my $decoded = decoded($_[0]) =~ tr/A-Z/a-z/r;

    return ($decoded, $decoded =~ tr/%//dr);
}

sub word {
    my $text = join '|', map { quotemeta } @_;

    return qr/(?<!$wordly)(?:$text)(?!$wordly)/;
}

sub has_word {
    my ($path) = @_;

    my $word = word('snapshots');

    return scalar grep { /$word/ } forms($path);
}

# that of its version; of an odd path, of the first version word in it

sub family_of_plain {
    my ($path) = @_;

    return $family{ $path =~ /\A\/($any_version)\// ? $1 : $versions[-1] };
}

sub family {
    my ($path) = @_;

    my $version = word(@versions);

    for my $form (forms($path)) {
        return $family{$1} if $form =~ /($version)/;
    }

    return $family{ $versions[-1] };
}


# odd, and harmless

sub is_harmless {
    my ($method, $path) = @_;

    my @forms = forms($path);
    my $snapshots = word('snapshots');
    my $version = word(@versions);

    return 1 if !has_word($path);
    return 1 if !$first_table{$method};
    return 1 if !grep { /$version.*$snapshots/s } @forms;

    return 1 if $path =~ /\A\/$any_version\/$plain_segment\/snapshots\/(.*)/s
                && is_harmless_behind_head($method, $1, 1);
    return 1 if $path =~ /\A\/$any_version\/snapshots\/(.*)/s
                && is_harmless_behind_head($method, $1, 0);
    return 0;
}

sub is_harmless_behind_head {
    my ($method, $rest, $has_project) = @_;

    my $looks_up = $method =~ /\A(?:GET|HEAD)\z/;
    my $detail = qr/(?:de|\xde)tail(?!$wordly)/;
    my $snapshots = qr/snapshots(?!$wordly)/;

    for my $form (forms($rest)) {
        return 0 if grep { $_ eq '..' }
                    split /[\/;#?%]|$blank|$control/, $form, -1;

        return 0 if $form !~ /\A$kept/
            && !($looks_up && ($form =~ /\A[#?]/ && $rest =~ /\A%/
                               || $form =~ /\A\.$kept/));

        return 0 if $looks_up && $form =~ /\A$detail/;
        return 0 if $form =~ /\A[#?]/ && ($form =~ /\/$blank*$detail/
                    || !$has_project && $form =~ /\/$blank*$snapshots/);
        return 0 if !$has_project && $form =~ /\A$snapshots/;
    }

    if ($method eq 'PUT') {
        $rest =~ /\A$plain_segment\/(.*)/s or return 0;

        return 0 if grep { !/\A$kept/ } forms($1);
    }

    return 1;
}


# what an odd path means

sub normal_operation {
    my ($method, $path, $prefix) = @_;

    my @segments;

    for my $segment (split /\//, decoded($path)) {
        $segment =~ s/;.*//s;
        $segment =~ s/$blank+\z//;

        if ($segment eq '..') {
            pop @segments;

        } elsif ($segment ne '' && $segment ne '.') {
            push @segments, $segment;
        }
    }

    for my $expected (grep { $_ ne '' } split /\//, $prefix) {
        return if !@segments || lc shift @segments ne lc $expected;
    }

    for my $form (without_suffix($method, @segments)) {
        my $found = operation($method, 1, @$form);

        return $found if $found;
    }

    return;
}


# the filter

sub filter {
    my ($in, $out) = @_;

    while (my $line = <$in>) {
        chomp $line;

        my ($method, $hex, $prefix) = split /\t/, $line, -1;
        my $r = path_reading($method, pack('H*', $hex), $prefix);

        my ($project) = ($r->{project} // '') =~ /($project_id)/;
        my ($id) = ($r->{id} // '') =~ /($uuid)/;

        print $out join("\t", map { $_ // '' } $r->{kind}, $r->{operation},
                        $project, $id), "\n";
    }
}

filter(\*STDIN, \*STDOUT) if !caller;

1;
