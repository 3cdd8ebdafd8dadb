"""Ask how many of the chips of a process will do a task, and how much they may deviate."""

import pkan_control as pk

if __name__ == '__main__':
    report = pk.yield_study('cartpole', chips=40, episodes=5, sensitivity=20)
    low, high = report.interval
    print(f'yield {report.rate:.1%} ({low:.1%} to {high:.1%}, 40 chips)')
    for limit in report.figures['specification']:
        name, largest = limit['deviation'], limit['limit']
        if largest is None:
            print(f'{name}: not even 0 gives {report.target:.0%}')
        else:
            print(f'{name}: {"more than " if limit["beyond"] else ""}{largest:.3g}')
