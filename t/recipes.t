# The recipes of docs/internals.md, one after the other in a copy of the
# sources: what each adds is judged and described, and is in the documents, and
# the tests' own reading of the contract agrees.  Nothing else is changed.

use strict;
use warnings;

use File::Temp ();
use JSON::PP ();
use Test::More;

use Check ();
use Gateway::Samples;

my $json = JSON::PP->new->utf8;
my $copy = File::Temp->newdir(TMPDIR => 1);
my $cc = $ENV{CC} // 'gcc';

# what is built here is run once

my $quick = "CORE_CFLAGS='-std=c11 -D_DEFAULT_SOURCE -O0 -Isrc/core'";

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

sub run {
    my ($command) = @_;

    my $said = qx(cd $copy && $command 2>&1);
    diag($said) if $? != 0;
    return $? == 0;
}

system("tar cf - --exclude=./build --exclude=./.git . | tar xf - -C $copy") == 0
    or die "the sources are not copied\n";

# a hunk of a change has what it takes and what it gives; it fits in one place

sub change {
    my ($diff) = @_;

    for my $part (split /^(?=--- )/m, $diff) {
        my ($file, @hunks) = split /^@@\n/m, $part;

        ($file) = $file =~ /^\+\+\+ (\S+)$/m or die "no file: $part\n";

        my $text = slurp("$copy/$file");

        for my $hunk (@hunks) {
            my $old = join '', map { "$_\n" } $hunk =~ /^[- ](.*)$/mg;
            my $new = join '', map { "$_\n" } $hunk =~ /^[+ ](.*)$/mg;

            is(() = $text =~ /^\Q$old\E/mg, 1, "$file: the place is found");
            $text =~ s/^\Q$old\E/$new/m;
        }

        Check::write_file("$copy/$file", $text);
    }
}

# what snapshot-check and the tests' own reading say of a request, each of the
# copy: operation, verdict and rules

sub told {
    my ($case) = @_;

    Check::write_file("$copy/request.jsonl", Check::jsonl($case));

    my ($line) = qx(cd $copy && build/snapshot-check --format ndjson \\
                    request.jsonl);
    my $v = $json->decode($line // '{}');

    return join ' ', @$v{qw(operation verdict)}, @{ $v->{rules} };
}

sub expected {
    my ($case) = @_;

    Check::write_file("$copy/request.json", $json->encode(
        { %$case, body => $case->{sent} }));

    my $program = 'local $/; my $v = Contract::judge('
                . 'JSON::PP->new->utf8->decode(<STDIN>), {}); print '
                . 'join(" ", @$v{qw(operation verdict)}, '
                . 'sort keys %{ $v->{must} })';

    return scalar qx(cd $copy && $^X -It/lib -MContract -MJSON::PP -e \\
                     '$program' < request.json);
}

sub post {
    my ($target, %members) = @_;

    return { method => 'POST', target => "/$target/" . PROJECT . '/snapshots',
             headers => [['Content-Type', 'application/json']],
             sent => create_body(%members) };
}

my $refused = 'evs_v3_create rejected priority-range';

# by heading: requests and what is said of them, and what is in documents and in
# the description

my %recipe = (
    'A new documented field' => {
        before => [post('v3', priority => 5),
                   'evs_v3_create rejected field-unknown'],
        after => [
            [post('v3', priority => 5), 'evs_v3_create accepted'],
            [post('v3', priority => -5), 'evs_v3_create accepted'],
            [post('v3', priority => 'x'), 'evs_v3_create rejected field-type'],
        ],
        documents => { contract => qr/^\| `evs_v3_create`,.*, `priority`,/m },
        described => qr/"priority": *\{[^{}]*"type": *"number"/,
    },

    'A new rule' => {
        before => [post('v3', priority => 65), 'evs_v3_create accepted'],
        after => [
            [post('v3', priority => 64), 'evs_v3_create accepted'],
            [post('v3', priority => 65), $refused],
            [post('v3', priority => -5), $refused],
        ],
        documents => {
            contract => qr/^\| `priority-range` \|.*\| 000, 001 \|$/m,
            directives => qr/^\| `priority-range` max=64 \| reject \|/m,
            troubleshooting => qr/^\| EVS\.5400 .*\[`priority-range`\]/m,
        },
        described => qr/"priority": *\{[^{}]*"maximum": *64\b/,
    },

    'A new operation' => {
        before => [post('v6', name => 'n'), 'unknown accepted'],
        after => [
            [post('v6', name => 'n'), 'evs_v6_create accepted'],
            [post('v6', priority => 65), $refused =~ s/v3/v6/r],
        ],
        documents => {
            contract => qr/^\| `evs_v6_create` \| `POST \/v6\/.*` \| body \|/m,
        },
        described => qr/"\/v6\/\{project_id\}\/snapshots"/,
    },
);

my $internals = slurp('docs/internals.md');
my @found;

ok(run("make -s CC=$cc $quick docs"), 'the documents of the copy are written');

while ($internals =~ /^## (.*)\n((?:(?!^## ).*\n)*)/mg) {
    my ($title, $text) = ($1, $2);
    my ($diff) = $text =~ /^```diff\n(.*?)^```$/ms or next;
    my $recipe = $recipe{$title} // die "\"$title\" is not expected\n";

    push @found, $title;

    my ($case, $said) = @{ $recipe->{before} };

    is(told($case), $said, "$title: what is said before");

    change($diff);
    ok(run("make -s CC=$cc $quick docs"), "$title: it is built and documented");

    for my $after (@{ $recipe->{after} }) {
        my ($case, $said) = @$after;
        my ($what) = $case->{sent} =~ /("(?:priority|name)":.*?)[,}]/;

        is(told($case), $said, "$title, $what: what is said");
        is(expected($case), $said, "$title, $what: the facts say so, too");
    }

    for my $document (sort keys %{ $recipe->{documents} }) {
        like(slurp("$copy/docs/$document.md"),
             $recipe->{documents}{$document}, "$title: it is in $document.md");
    }

    like(scalar qx($copy/build/snapshot-check --openapi), $recipe->{described},
         "$title: it is described");
    ok(run('TEST_BUILD=build prove -It/lib t/contract.t'),
       "$title: rows, facts and documents agree");
}

is_deeply([sort @found], [sort keys %recipe], 'each recipe was followed');

ok(run("make -s CC=$cc $quick build/unit/contract && build/unit/contract"),
   'and the rows hold together');

done_testing;
