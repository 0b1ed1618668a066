package Contract;

# CONTRACT.md read once more, for the tests alone and without a look at src/:
# what a gateway has to say of a request.  It is slow and plain on purpose, and
# shares nothing with what it judges.
#
#     judge({ method, target, headers => [[name, value], ...], body, chunked,
#             prefix }, { rule => [severity, max], ... })
#
# returns the operation, verdict, status and code; "must" has the severities of
# the rules that are to be reported, "may" those that the contract leaves open;
# "asks" says whether the body is wanted, so whether a client that expects
# "100 Continue" is told to go on.

use strict;
use warnings;
no warnings 'recursion';

use Contract::Path qw(path_reading);

# order, severity, status, codes of EVS and DWS

my @rules = (
    ['uri-canonical',      'reject', 400, 'EVS.5400', 'DWS.5065'],
    ['project-id',         'reject', 400, 'EVS.0001', 'DWS.5065'],
    ['method-override',    'reject', 400, 'EVS.5400', 'DWS.5065'],
    ['snapshot-id',        'reject', 400, 'EVS.2045', undef],
    ['operation-known',    'pass',   404, 'EVS.5404', '404'],
    ['content-type',       'reject', 415, '415',      '415'],
    ['content-encoding',   'reject', 415, '415',      '415'],
    ['body-size',          'reject', 413, '413',      '413',      114688],
    ['json-syntax',        'reject', 400, 'EVS.5400', 'DWS.5065'],
    ['json-duplicate-key', 'reject', 400, 'EVS.5400', 'DWS.5039'],
    ['field-required',     'reject', 400, 'EVS.5400', 'DWS.5037'],
    ['field-unknown',      'reject', 400, 'EVS.5400', 'DWS.5065'],
    ['field-type',         'reject', 400, 'EVS.1018', 'DWS.5065'],
    ['boolean-string',     'reject', 400, 'EVS.1018', undef],
    ['param-encoding',     'reject', 400, 'EVS.5400', undef],
    ['param-duplicate',    'reject', 400, 'EVS.5400', undef],
    ['param-unknown',      'warn',   400, 'EVS.5400', undef],
    ['volume-id',          'reject', 400, 'EVS.1002', undef],
    ['cluster-id',         'warn',   400, undef,      'DWS.5064'],
    ['name-length',        'reject', 400, 'EVS.5400', undef,      255],
    ['name-reserved',      'warn',   400, 'EVS.5400', undef],
    ['name-format',        'reject', 400, undef,      'DWS.5065'],
    ['description-length', 'reject', 400, 'EVS.5400', undef,      255],
    ['metadata-entry',     'warn',   400, 'EVS.1018', undef,      255],
    ['update-empty',       'warn',   400, 'EVS.1007', undef],
    ['limit-range',        'reject', 400, 'EVS.5400', undef,      1000],
    ['limit-advised',      'warn',   400, 'EVS.1023', undef,      50],
    ['offset-range',       'reject', 400, 'EVS.5400', undef,      2147483647],
    ['sort-dir',           'reject', 400, 'EVS.1040', undef],
    ['marker',             'reject', 400, 'EVS.1024', undef],
    ['status-known',       'warn',   400, 'EVS.5400', undef],
);

our @RULES = map { $_->[0] } @rules;

my %rule = map { $rules[$_][0] => { order => $_, severity => $rules[$_][1],
                 status => $rules[$_][2], EVS => $rules[$_][3],
                 DWS => $rules[$_][4], max => $rules[$_][5] } } 0 .. $#rules;

my $id = qr/[0-9A-Za-z_-]{1,64}/;
my $uuid = qr/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;

my %status = map { $_ => 1 } qw(creating available error deleting
                                error_deleting rollbacking backing-up);
my %documented = map { $_ => 1 } qw(marker offset limit name sort_dir status
                                    volume_id);

sub judge {
    my ($request, $changed) = @_;

    my $self = bless { %$request, found => {}, may => {}, codes => {},
                       rules => { map { my $c = $changed->{$_};
                           ($_ => { %{ $rule{$_} },
                                    $c ? (severity => $c->[0]) : (),
                                    $c && $c->[1] ? (max => $c->[1]) : () })
                       } @RULES } };

    my ($path, $query) = split /\?/, $self->{target}, 2;

    my $read = path_reading($self->{method}, $path, $self->{prefix});

    return $self->verdict if !$read->{scope};

    @$self{qw(operation family project id methods)} =
        @$read{qw(operation family project id methods)};
    $self->{odd} = $read->{kind} eq 'odd';
    $self->{reads} = !$read->{judged} ? 'nothing'
                     : $self->{operation} =~ /_(?:create|update)\z/ ? 'body'
                     : 'query';
    $self->{query} = $query // '';
    $self->{asks} = !$self->before_the_body;

    if ($self->{asks} && $self->{reads} eq 'body') {
        $self->text && $self->members;
    }

    return $self->verdict;
}

sub found {
    my ($self, $rule, $code) = @_;

    return if $self->{rules}{$rule}{severity} eq 'pass';

    $self->{codes}{$rule} = $code if !$self->{found}{$rule}++;
}

# what the contract does not decide

sub open_whether { $_[0]{may}{$_[1]} = 1 }

sub max { return $_[0]{rules}{$_[1]}{max} }

sub rejects {
    my ($self) = @_;

    return grep { $self->{rules}{$_}{severity} eq 'reject' }
           sort { $rule{$a}{order} <=> $rule{$b}{order} }
           keys %{ $self->{found} };
}

sub verdict {
    my ($self) = @_;

    my ($first) = $self->rejects;
    my $known = defined $self->{operation};
    my ($status, $code);

    if ($first) {
        $status = $rule{$first}{status};
        $code = $self->{codes}{$first} // $rule{$first}{$self->{family}};

        $status = $code = 405
            if $first eq 'operation-known' && @{ $self->{methods} };
    }

    return {
        operation => $self->{operation} // '',
        family    => $self->{family} // '',
        verdict   => !$known ? '-' : $first ? 'rejected'
                     : %{ $self->{found} } ? 'warned' : 'accepted',
        status    => $status,
        code      => $code // '',
        asks      => !$known || $self->{asks},
        must      => { map { $_ => $self->{rules}{$_}{severity} }
                       keys %{ $self->{found} } },
        may       => $self->{may},
    };
}


# section 2, the first stage; true if it ends the judging

sub values_of {
    my ($self, $name) = @_;

    return map { $_->[1] =~ s/^[ \t]+|[ \t]+\z//gr }
           grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
}

sub before_the_body {
    my ($self) = @_;

    # the family of an odd path is for its own code alone

    if ($self->{odd}) {
        $self->found('uri-canonical');
        return 1 if $self->rejects;

        $self->{family} = $self->{operation} =~ /^dws/ ? 'DWS' : 'EVS'
            if $self->{operation} ne 'unknown';
    }

    $self->found('project-id')
        if $self->{reads} ne 'nothing' && ($self->{project} // '') !~ /^$id\z/;

    $self->found('method-override')
        if grep({ decoded(s/=.*//sr, 0) eq '_method' }
                split /[&;]/, $self->{query})
           || map { $self->values_of($_) } 'X-HTTP-Method-Override',
                                           'X-HTTP-Method', 'X-Method-Override';

    $self->found('snapshot-id')
        if $self->{operation} =~ /_update\z/ && $self->{id} !~ /^$uuid\z/;

    $self->found('operation-known') if $self->{operation} eq 'unknown';

    if ($self->{reads} eq 'body') {
        my @types = $self->values_of('Content-Type');

        $self->found('content-type')
            if @types != 1 || !is_json_type($types[0]);
        $self->found('content-encoding')
            if grep { !/^(?:identity)?\z/i }
                    $self->values_of('Content-Encoding');
        $self->found('body-size')
            if !$self->{chunked}
               && length $self->{body} > $self->max('body-size');

    } elsif ($self->{reads} eq 'query') {
        $self->parameters;
    }

    return scalar $self->rejects;
}

sub is_json_type {
    my ($type) = @_;

    my $token = qr/[!#\$%&'*+.^_`|~0-9A-Za-z-]+/;

    $type =~ /\Gapplication\/json[ \t]*/gci or return 0;

    while ($type =~ /\G;[ \t]*/gc) {
        $type =~ /\G($token)=($token|"(?:[^"\\]|\\.)*")[ \t]*/gc or next;
        my ($name, $value) = (lc $1, $2);

        return 0 if $name =~ /^charset\*/ || $value =~ /charset/i;
        return 0 if $name eq 'charset'
                    && $value !~ /^(?:utf-?8|"utf-?8")\z/i;
    }

    return (pos($type) // 0) == length $type;
}

sub decoded {
    my ($text, $plus) = @_;

    $text =~ tr/+/ / if $plus;
    return $text =~ s/%([0-9a-fA-F]{2})/chr hex $1/ger;
}

sub parameters {
    my ($self) = @_;

    my %seen;

    $self->found('param-encoding') if $self->{query} =~ /;/;

    for my $piece (grep { $_ ne '' } split /&/, $self->{query}) {
        my ($name, $raw) = split /=/, $piece, 2;

        $name = decoded($name, 1);
        $raw //= '';

        if (!$documented{$name}) {
            $self->found('param-unknown');
            next;
        }

        my $value = decoded($raw, 1);
        my $whole = $raw !~ /%(?![0-9a-fA-F]{2})/ && is_utf8($value)
                    && $value !~ /[\x00-\x1f\x7f]|\xc2[\x80-\x9f]/;

        my %own = ($self->value($name, $value));

        my $refused = $seen{$name}++;

        if ($refused) {
            $self->found('param-duplicate');
            $refused = $self->{rules}{'param-duplicate'}{severity} eq 'reject';
        }

        # whether a value that is refused already, or cannot be read, breaks
        # more rules

        if ($refused) {
            $self->open_whether('param-encoding') if !$whole;

        } elsif (!$whole) {
            $self->found('param-encoding');
        }

        for my $rule (keys %own) {
            if ($refused || !$whole) {
                $self->open_whether($rule);

            } else {
                $self->found($rule, $own{$rule});
            }
        }
    }
}

sub greater {
    my ($digits, $max) = @_;

    $digits =~ s/^0+(?=.)//;
    return length $digits <=> length $max || $digits cmp $max;
}

# the rules that a parameter breaks, with a code where it is not the table's

sub value {
    my ($self, $name, $value) = @_;

    if ($name eq 'limit') {
        return ('limit-range' => undef)
            if $value !~ /^[0-9]+\z/ || $value =~ /^0+\z/;
        return ('limit-range' => 'EVS.2142')
            if greater($value, $self->max('limit-range')) > 0;
        return ('limit-advised' => undef)
            if greater($value, $self->max('limit-advised')) > 0;
        return;
    }

    my ($rule, $right) = @{ {
        offset    => ['offset-range', $value =~ /^[0-9]+\z/
                      && greater($value, $self->max('offset-range')) <= 0],
        name      => ['name-length',
                      length $value <= $self->max('name-length')],
        sort_dir  => ['sort-dir', $value =~ /^(?:asc|desc)\z/],
        marker    => ['marker', $value =~ /^$uuid\z/],
        volume_id => ['volume-id', $value =~ /^$uuid\z/],
        status    => ['status-known', $status{$value}],
    }->{$name} };

    return $right ? () : ($rule => undef);
}


# the second stage; true if the members are to be judged

sub text {
    my ($self) = @_;

    if ($self->{chunked} && length $self->{body} > $self->max('body-size')) {
        $self->found('body-size');
        return 0 if $self->rejects;
    }

    $self->{duplicate} = 0;
    $self->{deep} = 0;

    my $tree = eval { $self->json };

    if (!$tree || $tree->{type} ne 'object' || $self->{deep}
        || !is_utf8($self->{body}))
    {
        $self->found('json-syntax');

        # a reader that has found one of the two need not go on

        if ($self->{duplicate}) {
            $self->open_whether('json-duplicate-key');
            $self->open_whether('json-syntax')
                if $self->{rules}{'json-duplicate-key'}{severity} eq 'reject';
        }

    } elsif ($self->{duplicate}) {
        $self->found('json-duplicate-key');
    }

    $self->{tree} = $tree;

    return !$self->rejects;
}

sub is_utf8 {
    my ($bytes) = @_;

    pos($bytes) = 0;

    1 while $bytes =~ /\G(?:[\x00-\x7f]+
                         | [\xc2-\xdf][\x80-\xbf]
                         | \xe0[\xa0-\xbf][\x80-\xbf]
                         | [\xe1-\xec\xee\xef][\x80-\xbf]{2}
                         | \xed[\x80-\x9f][\x80-\xbf]
                         | \xf0[\x90-\xbf][\x80-\xbf]{2}
                         | [\xf1-\xf3][\x80-\xbf]{3}
                         | \xf4[\x80-\x8f][\x80-\xbf]{2})/gcx;

    return pos($bytes) == length $bytes;
}

# RFC 8259, on bytes

sub json {
    my ($self) = @_;

    for ($self->{body}) {
        pos = 0;
        my $tree = $self->json_value;
        /\G[ \t\r\n]*/gc;
        die "trailing\n" if pos() != length;
        return $tree;
    }
}

sub json_value {
    my ($self) = @_;

    for ($self->{body}) {
        /\G[ \t\r\n]*/gc;

        return { type => 'string', value => $self->json_string }
            if substr($_, pos, 1) eq '"';
        return { type => 'boolean' } if /\G(?:true|false)/gc;
        return { type => 'null' } if /\Gnull/gc;

        return { type => 'number' }
            if /\G-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/gc;
        return { type => 'array', values => $self->json_list(']') } if /\G\[/gc;

        return { type => 'object', members => $self->json_list('}') }
            if /\G\{/gc;

        die "no value\n";
    }
}

sub json_list {
    my ($self, $end) = @_;

    my (@list, %seen);

    local $self->{level} = ($self->{level} // 0) + 1;

    $self->{deep} = 1 if $self->{level} > 512;

    for ($self->{body}) {
        /\G[ \t\r\n]*/gc;
        return \@list if /\G\Q$end\E/gc;

        while (1) {
            my $key;

            if ($end eq '}') {
                /\G[ \t\r\n]*/gc;
                $key = $self->json_string;
                $self->{duplicate} ||= $seen{$key}++;
                /\G[ \t\r\n]*:/gc or die "no colon\n";
            }

            my $value = $self->json_value;
            push @list, $end eq '}' ? [$key, $value] : $value;

            /\G[ \t\r\n]*/gc;
            return \@list if /\G\Q$end\E/gc;
            /\G,/gc or die "no comma\n";
        }
    }
}

my %escape = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

sub json_string {
    my ($self) = @_;

    my $s = '';

    for ($self->{body}) {
        /\G"/gc or die "no string\n";

        while (!/\G"/gc) {
            if (/\G([^"\\\x00-\x1f]+)/gc) {
                $s .= $1;

            } elsif (/\G\\(["\\\/bfnrt])/gc) {
                $s .= $escape{$1} // $1;

            } elsif (/\G\\u([0-9a-fA-F]{4})/gc) {
                my $c = hex $1;

                die "a NUL\n" if $c == 0;
                die "a lone surrogate\n" if $c >= 0xdc00 && $c < 0xe000;

                if ($c >= 0xd800 && $c < 0xdc00) {
                    /\G\\u(d[c-f][0-9a-f]{2})/gci or die "a lone surrogate\n";
                    $c = 0x10000 + (($c - 0xd800) << 10) + (hex($1) - 0xdc00);
                }

                my $char = chr $c;
                utf8::encode($char);
                $s .= $char;

            } else {
                die "no string\n";
            }
        }
    }

    return $s;
}


# the third stage

my %members = (
    evs_create => { volume_id => 'string', force => 'boolean',
                    metadata => 'object?', description => 'string?',
                    name => 'string?' },
    evs_update => { name => 'string?', description => 'string?' },
    dws_create => { name => 'string', cluster_id => 'string',
                    description => 'string?' },
);

sub members {
    my ($self) = @_;

    my $kind = $self->{operation} =~ s/_v[0-9]_/_/r;
    my %known = %{ $members{$kind} };
    my %top = map { $_->[0] => $_->[1] } @{ $self->{tree}{members} };

    $self->found('field-unknown') if grep { $_ ne 'snapshot' } keys %top;

    my $snapshot = $top{snapshot};

    if (!$snapshot || $snapshot->{type} ne 'object') {
        $self->found($snapshot ? 'field-type' : 'field-required');
        $self->open_whether('update-empty') if $kind eq 'evs_update';
        return;
    }

    my %has = map { $_->[0] => $_->[1] } @{ $snapshot->{members} };

    $self->found('field-unknown') if grep { !$known{$_} } keys %has;

    my %text;

    for my $name (keys %known) {
        my $required = $known{$name} eq 'string';
        my $member = $has{$name};

        if (!$member) {
            $self->found('field-required') if $required;
            next;
        }

        my ($type, $nullable) = $known{$name} =~ /^(\w+)(\??)/;

        next if $nullable && $member->{type} eq 'null';

        if ($type eq 'boolean' && $member->{type} eq 'string') {
            $self->found($member->{value}
                =~ /^(?:true|false|1|0|yes|no|on|off|t|f|y|n)\z/i
                ? 'boolean-string' : 'field-type');

        } elsif ($member->{type} ne $type) {
            $self->found('field-type');

        } elsif ($required && $member->{value} eq '') {
            $self->found('field-required');

        } elsif ($type eq 'string') {
            $text{$name} = $member->{value};

        } elsif ($type eq 'object') {
            $self->metadata($member);
        }
    }

    if (defined $text{volume_id}) {
        $self->found('volume-id') if $text{volume_id} !~ /^$uuid\z/;
    }

    if (defined $text{cluster_id}) {
        $self->found('cluster-id') if $text{cluster_id} !~ /^$uuid\z/;
    }

    if (defined $text{name} && $self->{family} eq 'DWS') {
        $self->found('name-format')
            if $text{name} !~ /^[A-Za-z][A-Za-z0-9_-]{3,63}\z/;

    } elsif (defined $text{name}) {
        $self->found('name-length')
            if length $text{name} > $self->max('name-length');
        $self->found('name-reserved') if $text{name} =~ /^autobk_snapshot_/;
    }

    if (defined $text{description} && $self->{family} eq 'EVS') {
        $self->found('description-length')
            if length $text{description} > $self->max('description-length');
    }

    $self->found('update-empty')
        if $kind eq 'evs_update'
           && !grep { $has{$_} && $has{$_}{type} ne 'null' } qw(name
                                                                description);
}

sub metadata {
    my ($self, $object) = @_;

    my $max = $self->max('metadata-entry');
    my %entries = map { $_->[0] => $_->[1] } @{ $object->{members} };

    while (my ($key, $value) = each %entries) {
        $self->found('metadata-entry')
            if $key eq '' || length $key > $max || $value->{type} ne 'string'
               || length $value->{value} > $max;
    }
}

1;
