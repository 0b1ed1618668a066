# The stock clients do through the gateway of conf/cinder.conf what they do
# without it, at the oldest and the newest microversion that they speak, and
# with both catalogs: the endpoint without the project id, which is the rule
# now, and with it.  What they send and what the gateway says of it is in
# docs/cinder.md, with what the rules' defaults would say: those of a second
# gateway behind the first, which only monitors.

use strict;
use warnings;

use JSON::PP;
use Test::More;

use Cinder;
use Gateway;

my $json = JSON::PP->new->utf8;

my $cinder = eval { Cinder->new(name => 'clients') }
    or BAIL_OUT($@ =~ s/\n//r);

my $defaults = <<'EOG';
    log_format defaults escape=json '{"body": "$request_body", '
        '"violations": "$snapshot_violations", "verdict": "$snapshot_verdict", '
        '"refused": "$sent_http_x_snapshot_violation"}';

    server {
        listen 127.0.0.1:%%PORT_defaults%%;
        access_log defaults.log defaults;

        location / {
            snapshot_gateway monitor;
            proxy_set_header Host $http_host;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOG

my $g = $cinder->gateway(sub {
    my ($text) = @_;

    $text =~ s/(upstream cinder \{\s+\S+ \S+:)%%UPSTREAM/$1%%PORT_defaults/
        or BAIL_OUT('conf/cinder.conf has no upstream cinder');
    $text =~ s/\}\s*\z/$defaults}\n/;
    return $text;
});

my $volume = $cinder->volume;

# the endpoint as a catalog has it

my %endpoint = (
    with    => "http://127.0.0.1:$g->{port}/v3/" . PROJECT,
    without => "http://127.0.0.1:$g->{port}/v3",
);

# how each client is told where Cinder is, without a Keystone

my %client = (
    cinder => ['/usr/bin/cinder', '--os-auth-type', 'noauth', '--os-project-id',
               PROJECT, '--os-user-id', 'admin'],
    openstack => ['/usr/bin/openstack', '--os-auth-type', 'admin_token',
                  '--os-token', 'admin:' . PROJECT],
);

my @versions = ('3.0', '3.70');

sub run {
    my (@command) = @_;

    open my $out, '-|', 'sh', '-c', 'exec timeout 30 "$@" 2>&1 </dev/null',
        'sh', @command or die "sh: $!\n";
    my $said = do { local $/; <$out> } // '';
    close $out;

    return ($? >> 8, $said);
}

# new lines of a log of the gateway

my %read;

sub new_lines {
    my ($name) = @_;

    my @lines = $g->lines($name);
    my @new = @lines[$read{$name} // 0 .. $#lines];
    $read{$name} = @lines;

    return map { $json->decode($_) } @new;
}

sub rules {
    my ($violations) = @_;

    my %seen;
    return grep { !$seen{$_}++ }
           map { s/;.*//r } split /, (?=[a-z-]+;at=)/, $violations;
}

# ids of this run as what they are the ids of

sub named {
    my ($text, $ids) = @_;

    my $project = PROJECT;
    $text =~ s/$project/{project}/g;
    $text =~ s/$volume/{volume}/g;
    $text =~ s/$_/{id}/g for keys %$ids;

    return $text;
}

my (%rows, @order, %refused);

open my $fh, '<', 't/e2e/commands.jsonl' or BAIL_OUT("commands.jsonl: $!");
my @commands = map { $json->decode($_) } <$fh>;

# What a command has sent, as lines of the table, in which the project id is
# optional.

sub requests {
    my ($catalog, $title, $ids) = @_;

    my @sent = new_lines('access.log');
    my @behind = new_lines('defaults.log');
    is(scalar @behind, scalar @sent, "$title: all of it passes");

    my $requests = '';

    for my $i (0 .. $#sent) {
        my ($front, $back) = ($sent[$i], $behind[$i]);

        # how a client finds out which versions there are
        next if $front->{verdict} eq '-' && $i == 0
                && $front->{request_uri} =~ /^\/(?:v3\/?)?\z/;

        my @rules = rules($front->{violations});
        my @defaults = rules($back->{violations});

        $refused{$_} = 1 for rules($back->{refused});

        my $target = named($front->{request_uri}, $ids);

        if ($catalog eq 'without') {
            unlike($target, qr/project/, "$title: $target has no project id");
            ok(scalar(grep { $_ eq 'project-id' } @rules),
               "$title: $target is judged, and warned about")
                if $front->{operation} =~ /^evs_v3/;
            @rules = grep { $_ ne 'project-id' } @rules;
        }

        $target =~ s/^\/v3(?:\/\{project\})?\//\/v3[\/{project}]\//;

        my $said = $front->{verdict} eq '-' ? 'not in scope'
                 : @rules ? "warned @rules" : 'accepted';
        my $default = $back->{verdict} eq '-' ? ''
            : join ' ', $back->{verdict} eq 'monitored' ? 'rejected'
                        : $back->{verdict}, @defaults;
        my $body = named($back->{body}, $ids);

        my $line = "| `$front->{request_method} $target`"
            . ($body ne '' ? " `$body`" : '') . " | $said | $default |\n";

        $requests .= $line if $requests !~ /\Q$line\E/;
    }

    return $requests;
}

# without what the rules' defaults say, which the project id is one of

sub said {
    my ($requests) = @_;

    return $requests =~ s/ \| [^|]*\|$//mgr;
}

for my $client ('cinder', 'openstack') {
    for my $version (@versions) {
        my %of;

        for my $catalog ('with', 'without') {
            my $ids = {};

            for my $command (grep { $_->{client} eq $client
                                    && ($_->{only} // $version) eq $version }
                             @commands) {
                my %all = $cinder->settled;
                my %id = map { ($_->{name} // '') => $_->{id} } values %all;

                $ids = { %$ids, %all };

                my @args = map { s/\{(\w*)\}/$1 eq 'volume' ? $volume
                                             : $id{$1} \/\/ 'no-such'/er }
                           split / /, $command->{args};
                my $key = "$client $command->{args}";
                my $title = "$key, $version, $catalog project id";

                my ($code, $said) = run(@{ $client{$client} }, '--os-endpoint',
                    $endpoint{$catalog}, '--os-volume-api-version', $version,
                    @args);

                is($code, 0, "$title: works") or diag $said;
                like($said, qr/$command->{out}/,
                     "$title: says what it should");

                %all = $cinder->snapshots;
                $ids = { %$ids, %all };

                my $requests = requests($catalog, $title, $ids);

                if ($catalog eq 'with') {
                    $of{$key} = $requests;
                    push @order, $key if !$rows{$key};
                    push @{ $rows{$key}{$requests} }, $version;

                } else {
                    is(said($requests), said($of{$key}),
                       "$title: the same is sent, and judged");
                }
            }

            is_deeply({ $cinder->settled }, {},
                      "$client, $version, $catalog project id: all are deleted");
        }
    }
}

my $wrong = $cinder->ask('POST', '/v3/snapshots',
    { snapshot => { volume_id => $volume, name => 'n' x 256 } },
    port => $g->{port});
is($wrong->{status}, 400, 'a wrong body is refused without a project id, too');
is_deeply({ $cinder->settled }, {}, 'and no snapshot is made');

my $text = "\n| command | version | requests | gateway | defaults |\n"
         . "|---|---|---|---|---|\n";

for my $key (@order) {
    for my $requests (sort keys %{ $rows{$key} }) {
        my $first = "| `$key` | " . join(', ', @{ $rows{$key}{$requests} })
                    . ' ';

        for my $line (split /^/, $requests) {
            $text .= $first . $line;
            $first = '| | ';
        }
    }
}

is(Cinder::documented('clients', "$text\n"), undef,
   'docs/cinder.md has what was seen');

# each rule that is set differently is needed, and no other is

open my $conf, '<', 'conf/cinder.conf' or die "conf/cinder.conf: $!\n";
my @set = map { /^\s+snapshot_rule (\S+) (\w+)/ ? "$1 $2" : () } <$conf>;

is("@set", 'project-id warn boolean-string warn field-alias warn '
           . 'limit-range warn param-unknown pass', 'the rules that differ are these');
is(join(' ', sort keys %refused), 'boolean-string limit-range project-id',
   'by default these would refuse a client');

# and the versions are the oldest and the newest that all of them speak

my ($oldest, $newest) = split ' ', qx(/usr/bin/python3 -c 'if True:
    from cinderclient import api_versions
    print(api_versions.MIN_VERSION, api_versions.MAX_VERSION)');
my ($of_cinder) = grep { $_->{id} eq 'v3.0' }
                  @{ $cinder->ask('GET', '/')->{json}{versions} };

is("$oldest $newest", "@versions", 'the versions are those of the clients');
is("$of_cinder->{min_version} $of_cinder->{version}", "@versions",
   'and of Cinder');

$g->finish;

done_testing;
