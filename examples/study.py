"""Ask how many chips of a process will do a task, and how much better chips would change that."""

import pkan_control as pk

if __name__ == '__main__':
    for preset in ('bad', 'typical', 'good'):
        report = pk.yield_study(
            'drone_hover', chips=40, episodes=4, chip=f'sim:?preset={preset}', sensitivity=0
        )
        low, high = report.interval
        error_cm = 100 * report.figures['figures']['final_error_m']['median']
        print(f'{preset}: yield {report.rate:.1%} ({low:.1%} to {high:.1%}), {error_cm:.2f} cm')
