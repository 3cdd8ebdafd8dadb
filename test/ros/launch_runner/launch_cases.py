"""Launch files that exercise everything the runner understands, and some that it must refuse.

`NODE` stands for a node of the package `robots`. An included file is `inner/inner.launch.xml`.
"""

INNER = """
<arg name="inner_arg" default="inner_default" description="of the inner file"/>
<let name="leaked" value="from_inner"/>
<node pkg="robots" exec="talker" name="inner" args="$(var inner_arg) $(dirname)"/>
"""

GOOD = {
    'bare': 'NODE/>',
    'name': 'NODE name="n"/>',
    'namespace': 'NODE namespace="ns"/>',
    'absolute namespace': 'NODE namespace="/ns/"/>',
    'empty namespace': 'NODE namespace=""/>',
    'root namespace': 'NODE name="n" namespace="/"><param name="a" value="1"/></node>',
    'pushed': '<push_ros_namespace namespace="a"/><push_ros_namespace namespace="b"/>NODE/>',
    'pushed absolute': (
        '<push_ros_namespace namespace="a"/><push_ros_namespace namespace="/b"/>NODE name="n"/>'
    ),
    'pushed and own': '<push_ros_namespace namespace="a"/>NODE namespace="b" name="n"/>',
    'pushed and absolute': '<push_ros_namespace namespace="a"/>NODE namespace="/b"/>',
    'pushed root': '<push_ros_namespace namespace="/"/>NODE namespace="b"/>',
    'pushed empty': '<push_ros_namespace namespace=""/>NODE/>NODE namespace="b"/>',
    'pushed by if': '<push_ros_namespace namespace="a" if="false"/>NODE/>',
    'pushed in group': '<group><push_ros_namespace namespace="a"/>NODE/></group>NODE/>',
    'namespace as variable': (
        '<push_ros_namespace namespace="a"/>NODE args="$(var ros_namespace)"/>'
    ),
    'arguments': 'NODE args="--a \'b c\' d" ros_args="--log-level debug"/>',
    'empty arguments': 'NODE args="" ros_args=""/>',
    'arguments of spaces': 'NODE args="  "/>',
    'arguments with substitutions': (
        '<let name="x" value="p q"/>NODE args="a$(var x)b c $(var x) $(var x)$(var x) d "/>'
    ),
    'arguments that begin and end': '<let name="x" value="X"/>NODE args=" $(var x) a b c  "/>',
    'arguments around': '<let name="x" value="X"/>NODE args=" a $(var x)  $(var x)/b c"/>',
    'remaps': 'NODE><remap from="a" to="b"/><remap from="/c" to="~/d"/></node>',
    'remaps and params in order': (
        'NODE name="n"><remap from="a" to="b"/><param name="p" value="1"/>'
        '<remap from="c" to="d"/><param name="q" value="2"/></node>'
    ),
    'env': (
        '<set_env name="A" value="outer"/>NODE args="$(env A)">'
        '<env name="A" value="$(env A) inner"/><env name="B" value=""/></node>'
    ),
    'env default': 'NODE args="$(env NOT_SET_HERE \'a b\') $(env NOT_SET_HERE &quot;&quot;)x"/>',
    'set_env scoped': (
        '<group><set_env name="A" value="1"/>NODE args="$(env A)"/></group>'
        'NODE args="$(env A none)"/>'
    ),
    'set_env unscoped': (
        '<group scoped="false"><set_env name="A" value="1"/></group>NODE args="$(env A none)"/>'
    ),
    'let scoped': (
        '<let name="x" value="1"/><group><let name="x" value="2"/>NODE args="$(var x)"/></group>'
        'NODE args="$(var x)"/>'
    ),
    'let unscoped': (
        '<let name="x" value="1"/><group scoped="0"><let name="x" value="2"/></group>'
        'NODE args="$(var x)"/>'
    ),
    'arg in group': (
        '<group><arg name="x" default="1"/>NODE args="$(var x)"/></group>'
        '<arg name="x" default="2"/>NODE args="$(var x)"/>'
    ),
    'arg given': '<arg name="given" default="1"/>NODE args="$(var given)"/>',
    'arg given is not overridden by a second': (
        '<arg name="a" default="1"/><arg name="a" default="2"/>NODE args="$(var a)"/>'
    ),
    'arg default of another': (
        '<arg name="a" default="1"/><arg name="b" default="$(var a)2"/>NODE args="$(var b)"/>'
    ),
    'arg with an empty default': '<arg name="a" default=""/>NODE args="x$(var a)"/>',
    'var default': 'NODE args="$(var none fallback) $(var none \'a $(env NONE b)\')"/>',
    'nested name': (
        '<let name="a" value="b"/><let name="b" value="c"/>NODE args="$(var $(var a))"/>'
    ),
    'computed let': (
        '<let name="n" value="x"/><let name="$(var n)" value="7"/>NODE args="$(var x)"/>'
    ),
    'if': ''.join(
        f'NODE name="n{i}" if="{text}"/>'
        for i, text in enumerate(['true', 'TRUE', ' True ', '1', '0', 'false', 'False'])
    ),
    'unless': 'NODE unless="1" name="a"/>NODE unless="0" name="b"/>',
    'if on all': (
        '<let name="x" value="a" if="0"/><let name="x" value="b" unless="0"/>'
        '<set_env name="A" value="b" if="0"/><arg name="q" default="z" if="1"/>'
        '<group if="false">NODE/></group><group unless="false">NODE args="$(var x)"/></group>'
        '<include file="nothing" if="false"/>NODE args="$(var q) $(env A none)"/>'
    ),
    'packages': 'NODE args="$(find-pkg-share robots)/x $(find-pkg-prefix robots)"/>',
    'dirname': 'NODE args="$(dirname)"/>',
    'escapes': r'NODE namespace="a"><param name="p" value="\$(var x) a\b $ $x"/></node>',
    'quotes': (
        '<let name="x" value="it\'s &quot;$(env NONE \'q\')&quot;"/>'
        'NODE><param name="p" value="$(var x)" type="str"/></node>'
    ),
    'include': '<include file="$(dirname)/inner/inner.launch.xml"/>NODE args="$(var leaked)"/>',
    'include with arg': (
        '<include file="$(dirname)/inner/inner.launch.xml"><arg name="inner_arg" value="v"/>'
        '<arg name="other" value="o"/></include>NODE args="$(var inner_arg)$(var other)"/>'
    ),
    'include passes variables on': (
        '<let name="inner_arg" value="outer"/><include file="$(dirname)/inner/inner.launch.xml"/>'
    ),
    'include arg and dirname': (
        '<include file="$(dirname)/inner/inner.launch.xml">'
        '<arg name="inner_arg" value="$(dirname)"/></include>'
    ),
    'include in group': (
        '<group><push_ros_namespace namespace="g"/><set_env name="A" value="1"/>'
        '<include file="$(dirname)/inner/inner.launch.xml"/></group>NODE args="$(var leaked no)"/>'
    ),
    'exec_name': 'NODE exec_name="label"/>NODE name="n"/>',
    'params from': 'NODE name="n"><param from="$(dirname)//inner/params.yaml"/></node>',
    'param order': (
        'NODE name="n" namespace="s"><param name="a" value="1"/>'
        '<param from="$(dirname)/inner/params.yaml"/><param name="a" value="2"/></node>'
    ),
    'nested params': (
        'NODE><param name="a"><param name="b" value="1"/><param name="c">'
        '<param name="d" value="x"/></param></param></node>'
    ),
    'param names': '<let name="k" value="a.b"/>NODE><param name="$(var k)" value="1"/></node>',
    'launch version': 'NODE/>',
    'times': 'NODE on_exit="shutdown" sigterm_timeout="1" sigkill_timeout="2.5" output="screen"/>',
    'comment': '<!-- nothing -->NODE><!-- here --></node>',
}

VALUES = [
    *('1', '-1', '1.0', '1e3', '1.0e3', '.inf', '0x10', '010', '1_000', 'true', 'Yes', 'off'),
    *('text', '', ' ', "'1'", '"1"', "''", 'a: b', 'a:b', '[1, 2]', '[1.0, 2.0]', '[a, b]'),
    *('[1, 2.0]', '[1, a]', '[true, false]', '[[1]]', '{a: 1}', 'null', '~', '2024-01-01', '#x'),
    *('$(var one)', '$(var list)', '$(var text)', '$(var empty)', '$(var yes)', '$(var half)'),
    *(
        '[$(var one), 2]',
        '[1, $(var one)]',
        '["$(var text)", b]',
        '[$(var half), 2.5]',
        "'$(var one)'",
    ),
    *(
        '$(var one)$(var one)',
        '$(var one).5',
        '[1',
        '@',
        '2024-99-99',
        '\\$x',
        'a\\nb',
        '$(var quoted)',
    ),
    *('[$(var text), 1]', '0', '1 ', ' true', '12345678901234567890', '- 1', '/a/b', '~/x', 'é'),
    *('[true, 1]', '[1, true]', '[]'),
]
TYPES = [
    *('yaml', 'str', 'bool', 'int', 'float'),
    *('list_of_str', 'list_of_bool', 'list_of_int', 'list_of_float'),
]
LETS = ''.join(
    f'<let name="{name}" value="{value}"/>'
    for name, value in {
        'one': '1',
        'half': '0.5',
        'list': '[1, 2]',
        'text': 'some text',
        'empty': '',
        'yes': 'true',
        'quoted': "'5'",
    }.items()
)

BAD = {
    'tag': '<nodes/>',
    'attribute': 'NODE foo="1"/>',
    'substitution': 'NODE args="$(anon x)"/>'.replace('anon', 'no-such'),
    'if and unless': 'NODE if="1" unless="0"/>',
    'condition': 'NODE if="yes"/>',
    'empty condition': 'NODE if=""/>',
    'required arg': '<arg name="a"/>',
    'unknown variable': 'NODE args="$(var no)"/>',
    'unknown environment': 'NODE args="$(env NO_SUCH_VARIABLE)"/>',
    'unknown package': 'NODE args="$(find-pkg-share no_such)"/>',
    'unknown executable': '<node pkg="robots" exec="no_such"/>',
    'no exec': '<node pkg="robots"/>',
    'let without value': '<let name="a"/>',
    'if in param': 'NODE><param name="a" value="1" if="1"/></node>',
    'if in remap': 'NODE><remap from="a" to="b" if="1"/></node>',
    'if in env': 'NODE><env name="a" value="b" unless="1"/></node>',
    'if in include arg': (
        '<include file="$(dirname)/inner/inner.launch.xml">'
        '<arg name="a" value="1" if="1"/></include>'
    ),
    'default in include arg': (
        '<include file="$(dirname)/inner/inner.launch.xml"><arg name="a" default="1"/></include>'
    ),
    'no file': '<include file="$(dirname)/no.launch.xml"/>',
    'node name': 'NODE name="a-b"/>',
    'node name with namespace': 'NODE name="a/b"/>',
    'node namespace': 'NODE namespace="a-b"/>',
    'node namespace with two slashes': 'NODE namespace="a//b"/>',
    'pushed namespace': '<push_ros_namespace namespace="1a"/>',
    'on_exit': 'NODE on_exit="restart"/>',
    'quotes in arguments': 'NODE args="\'a $(var x b) c\'"/>',
    'param without value': 'NODE><param name="a"/></node>',
    'param with value and params': (
        'NODE><param name="a" value="1"><param name="b" value="1"/></param></node>'
    ),
    'param with type and params': (
        'NODE><param name="a" type="int"><param name="b" value="1"/></param></node>'
    ),
    'param with name and from': 'NODE><param name="a" from="x"/></node>',
    'param with neither': 'NODE><param value="1"/></node>',
    'param from in param': 'NODE><param name="a"><param from="x"/></param></node>',
    'param type': 'NODE><param name="a" value="1" type="double"/></node>',
    'nested in remap': 'NODE><remap from="a" to="b"><x/></remap></node>',
    'false branch is read': '<group if="false"><nodes/></group>',
    'bad time': 'NODE sigterm_timeout="-1"/>',
    'let in let': '<let name="a" value="1"><let name="b" value="1"/></let>',
}


def text(contents: str) -> str:
    """Return the contents with `NODE` written out."""
    return contents.replace('NODE', '<node pkg="robots" exec="talker"')
