# What people are told at a charger or a door: what happened, and what to do about it. Nothing of
# rules, and of nobody else. One message for each reason; `.door` where a door says it otherwise,
# `.later` where it is known from when on it will be allowed.

point-unknown = This charger is not in service. Please use another one.
    .door = This door is not in service. Please use another one.
door-not-named = The reader did not say which door it belongs to. Please tell the site's manager.
evacuation = Please leave the building.
lockdown = Locked down. Please follow the instructions given on site.
delegated = Welcome. You can charge now.
    .door = Welcome. Please come in.
delegated-refusal = You have no access here. Please ask whoever gave you your card.
authority-silent = We cannot check your right at the moment. Please try again in a minute.
open-access = Welcome. Everybody may charge here.
    .door = Welcome. The door is open to everybody at this hour.
no-credential = Please present your card.
credential-unknown = We do not know this card. Please ask the site's manager to register it.
too-many-attempts = Too many wrong codes were entered. Please wait a minute and try again.
ambiguous = This card cannot be told from another one. Please ask the site's manager.
credential-suspended = This card is suspended. Please ask the site's manager.
credential-lost = This card was reported lost. If you have found it, please hand it in.
credential-expired = This card is not valid today. Please ask the site's manager for a new one.
too-weak = This card is not enough here. Please use your phone or another key.
person-suspended = Your access is suspended. Please ask the site's manager.
membership-ended = Your membership has ended. Please renew it to charge here.
    .door = Your membership has ended. Please renew it to come in.
denied-by-rule = You have no access here. Please ask the site's manager.
not-this-evse = You may charge here, but not at this socket. Please use another one.
outside-schedule = You may not charge at this hour. Please come back later.
    .door = No access at this hour. Please come back later.
    .later = You may not charge at this hour. You can come back { $when }.
    .door-later = No access at this hour. You can come back { $when }.
not-yet-valid = Your access begins later. Please come back then.
    .later = Your access begins { $when }. Please come back then.
grant-expired = Your access here has ended. Please ask the site's manager to renew it.
no-grant = You have no access here. Please ask the site's manager for it.
limit-reached = You have used up what was granted to you. Please ask the site's manager for more.
concurrent = You are charging already. Please end that first.
anti-passback = You have entered already. Please leave first, or ask for help.
stop-own = You can end your charge now.
granted = Welcome. You can charge now.
    .door = Welcome. Please come in.

when-today = at { $time }
when-weekday = on { $weekday } at { $time }
when-date = on { $day }/{ $month }/{ $year } at { $time }
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
