package Bench::Facts;

# What the other ways to enforce the contract have to know of it, from
# t/data/contract.json, in the language of each: files in build/bench/facts.

use strict;
use warnings;

use Cwd ();
use Exporter 'import';
use File::Path qw(make_path);

use Contract::Facts;

our @EXPORT_OK = qw(facts);

# the alternatives judge creates and queries; an alias is an unknown field

my %fields = map { $_ => [grep { !$_->{alias_of} }
                          @{ $FACTS->{bodies}{ lc "${_}_create" }{fields} }]
                 } qw(EVS DWS);
my @params = @{ $FACTS->{queries}{evs_list}{params} };

# a set of words, the codes of a family

sub set { return { map { $_ => \1 } @_ } }

sub codes {
    my ($family) = @_;

    return { map { defined $_->{$family} ? ($_->{name} => $_->{$family}) : () }
             @{ $FACTS->{rules} } };
}

sub of_family {
    my ($family) = @_;

    my @all = @{ $fields{$family} };

    return {
        fields   => { map { $_->{name} => $_->{type} } @all },
        required => [map { $_->{name} } grep { $_->{required} } @all],
        nullable => set(map { $_->{name} } grep { $_->{nullable} } @all),
        code     => codes($family),
    };
}

sub known {
    return {
        EVS => of_family('EVS'), DWS => of_family('DWS'),
        params => set(map { $_->{name} } @params),
        words => { map { $_ => set(@{ $RULE{$_}{words} }) }
                   grep { $RULE{$_}{words} } keys %RULE },
        max => { map { $_ => $RULE{$_}{max} }
                 grep { $RULE{$_}{max} } keys %RULE },
        limit_code => $RULE{'limit-range'}{codes}[0]{EVS},
        prefix => $RULE{'name-reserved'}{prefix},
        name => $RULE{'name-format'}{pattern},
        project => $RULE{'project-id'}{pattern},
    };
}

# a value as text: of Lua, or of JavaScript

sub text {
    my ($value, $lua) = @_;

    return 'true' if ref $value eq 'SCALAR';
    return ($lua ? '{' : '[') . join(', ', map { text($_, $lua) } @$value)
           . ($lua ? '}' : ']') if ref $value eq 'ARRAY';
    return $value =~ /^\d+\z/ ? $value : "'" . $value =~ s/(['\\])/\\$1/gr . "'"
        if !ref $value;

    return '{' . join(', ', map {
        ($lua ? "['$_'] = " : "'$_': ") . text($value->{$_}, $lua)
    } sort keys %$value) . '}';
}

# The rules of ModSecurity: "%%a rule%%" stands for a limit or a pattern, and a
# line with "%%param%%" or "%%field of EVS%%" for one of each, with ids that
# count on.

sub rules {
    my ($text) = @_;

    my %one = (param => [map { $_->{name} } @params]);
    my %any;

    for my $family (keys %fields) {
        my @all = @{ $fields{$family} };

        $one{"field of $family"}
            = [map { $_->{name} } grep { $_->{type} ne 'object' } @all];
        $one{"required of $family"}
            = [map { $_->{name} } grep { $_->{required} } @all];
        $any{$family} = join '|', map {
            ("$_->{name}\\z", $_->{type} eq 'object' ? "$_->{name}\\." : ())
        } @all;
    }

    $text =~ s{%%any field of (\w+)%%}{$any{$1}}g;
    $text =~ s{%%words of ([\w-]+)%%}{join '|', @{ $RULE{$1}{words} }}ge;
    $text =~ s{%%pattern of ([\w-]+)%%}{$RULE{$1}{pattern}}g;
    $text =~ s{%%max of ([\w-]+)%%}{$RULE{$1}{max}}g;

    return $text =~ s{^(.*%%((?:param|(?:field|required)\ of\ \w+))%%.*\n
                       .*\bid:)(\d+)(.*\n)}
                     {my ($before, $of, $id, $after) = ($1, $2, $3, $4);
                      join '', map { ($before =~ s/%%\Q$of\E%%/$_/r)
                                     . $id++ . $after } @{ $one{$of} }}gmexr;
}

sub write_to {
    my ($file, $text) = @_;

    open my $fh, '>', $file or die "$file: $!\n";
    print $fh $text;
    close $fh;
}

# the folder of them

sub facts {
    my $dir = 'build/bench/facts';
    my $known = known();

    open my $fh, '<', 'bench/modsecurity/snapshots.conf'
        or die "snapshots.conf: $!\n";
    my $rules = do { local $/; <$fh> };

    make_path($dir);
    write_to("$dir/facts.lua", 'return ' . text($known, 1) . "\n");
    write_to("$dir/facts.js", 'export default ' . text($known, 0) . ";\n");
    write_to("$dir/snapshots.conf", rules($rules));

    return Cwd::abs_path($dir);
}

1;
